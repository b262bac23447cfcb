import { classNames } from '../../../ui/class-names.ts'
import { compareLines, foldAlike, type Line, type Row, type Shown } from './lines.ts'

/** Two texts line by line: side by side, or, where there is little room, what was removed above what was added. */
export function TextComparison({ from, to }: { from: string; to: string }) {
  const rows = foldAlike(compareLines(from, to))
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
      tabIndex={0}
      aria-label="Line by line"
      className="relative max-h-[32rem] overflow-auto rounded-md border border-line"
    >
      <ol className="font-mono text-xs leading-relaxed">
        {rows.map((row, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are made anew together
          <ShownRow key={at} row={row} />
        ))}
      </ol>
    </section>
  )
}

function ShownRow({ row }: { row: Shown }) {
  if ('folded' in row) {
    return (
      <li className="bg-sunken px-3 py-1 text-center font-sans text-faint">
        {row.folded === 1 ? 'One line alike' : `${row.folded} lines alike`}
      </li>
    )
  }
  const changed = isChanged(row)
  return (
    <li className="grid sm:grid-cols-2">
      <Side line={row.left} changed={changed} look={looks.removed} />
      <Side line={row.right} changed={changed} look={looks.added} />
    </li>
  )
}

const isChanged = ({ left, right }: Row): boolean => left?.pieces !== right?.pieces

const looks = {
  removed: { word: 'Removed: ', line: 'bg-bad-soft', piece: 'rounded-xs bg-bad/25', alike: '' },
  // A line that both have stands there once where they are not side by side.
  added: { word: 'Added: ', line: 'bg-good-soft', piece: 'rounded-xs bg-good/25', alike: 'max-sm:hidden' },
}

interface SideProps {
  line: Line | undefined
  changed: boolean
  look: (typeof looks)['added']
}

function Side({ line, changed, look }: SideProps) {
  if (!line) return <div className="bg-sunken max-sm:hidden sm:border-l sm:border-line" />
  const isWhole = line.pieces.every((piece) => piece.changed)
  return (
    <div
      className={classNames(
        'flex min-w-0 gap-2 px-2 py-px sm:border-l sm:border-line sm:first:border-0',
        changed ? look.line : look.alike,
      )}
    >
      <span className="w-6 shrink-0 text-right text-faint select-none">{line.number}</span>
      <span className="min-w-0 break-words whitespace-pre-wrap">
        {changed && <span className="sr-only">{look.word}</span>}
        {line.pieces.map((piece, at) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have nothing else, and are made anew together
            key={at}
            className={piece.changed && !isWhole ? look.piece : undefined}
          >
            {piece.text}
          </span>
        ))}
      </span>
    </div>
  )
}
