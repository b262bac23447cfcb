import { classNames } from '../../../ui/class-names.ts'
import { compareLines, foldAlike, type Line, type Row, type Shown } from './lines.ts'

interface TextComparisonProps {
  from: string
  to: string
  labels: readonly [from: string, to: string]
}

/** Two texts side by side, line by line. Where there is little room, they scroll sideways in their own box. */
export function TextComparison({ from, to, labels }: TextComparisonProps) {
  const rows = foldAlike(compareLines(from, to))
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard has to reach it
      tabIndex={0}
      aria-label="Line by line"
      className="max-h-[32rem] overflow-auto rounded-md border border-line"
    >
      <table className="w-full min-w-xl table-fixed border-collapse font-mono text-xs leading-relaxed">
        <colgroup>
          <col className="w-10" />
          <col />
          <col className="w-10" />
          <col />
        </colgroup>
        <thead className="sr-only">
          <tr>
            <th scope="col">Line of {labels[0]}</th>
            <th scope="col">{labels[0]}</th>
            <th scope="col">Line of {labels[1]}</th>
            <th scope="col">{labels[1]}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are made anew together
            <ShownRow key={at} row={row} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function ShownRow({ row }: { row: Shown }) {
  if ('folded' in row) {
    return (
      <tr>
        <td colSpan={4} className="bg-sunken px-3 py-1 text-center font-sans text-faint">
          {row.folded === 1 ? 'One line alike' : `${row.folded} lines alike`}
        </td>
      </tr>
    )
  }
  return (
    <tr>
      <Side line={row.left} changed={isChanged(row)} tone="bad" />
      <Side line={row.right} changed={isChanged(row)} tone="good" />
    </tr>
  )
}

const isChanged = ({ left, right }: Row): boolean => left?.pieces !== right?.pieces

const looks = {
  bad: { line: 'bg-bad-soft', piece: 'rounded-xs bg-bad/25', word: 'Removed: ' },
  good: { line: 'bg-good-soft', piece: 'rounded-xs bg-good/25', word: 'Added: ' },
} as const

function Side({ line, changed, tone }: { line: Line | undefined; changed: boolean; tone: keyof typeof looks }) {
  const look = looks[tone]
  const shade = line === undefined ? 'bg-sunken' : changed ? look.line : ''
  const isWhole = line?.pieces.every((piece) => piece.changed)
  return (
    <>
      <td className={classNames('border-l border-line px-2 py-px text-right align-top text-faint select-none', shade)}>
        {line?.number}
      </td>
      <td className={classNames('px-2 py-px align-top break-words whitespace-pre-wrap', shade)}>
        {changed && line && <span className="sr-only">{look.word}</span>}
        {line?.pieces.map((piece, at) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces have nothing else, and are made anew together
            key={at}
            className={piece.changed && !isWhole ? look.piece : undefined}
          >
            {piece.text}
          </span>
        ))}
      </td>
    </>
  )
}
