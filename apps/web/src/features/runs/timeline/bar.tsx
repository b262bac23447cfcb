import { classNames } from '../../../ui/class-names.ts'
import type { Row } from './rows.ts'

/** How long it waited, hatched, and how long it was at work, on the axis of the run. */
export function Bar({ row, axis }: { row: Row; axis: { from: number; to: number } }) {
  const { waits, from, to } = row.span
  const at = (time: number) => ((time - axis.from) / (axis.to - axis.from)) * 100
  return (
    <span aria-hidden className={classNames('relative block h-3', toneOf(row))}>
      {from > waits && (
        <span
          className="absolute inset-y-0 rounded-xs text-warn opacity-70 bg-[repeating-linear-gradient(135deg,currentColor_0_2px,transparent_2px_6px)]"
          style={{ left: `${at(waits)}%`, width: `${at(from) - at(waits)}%` }}
        />
      )}
      {(to > from || from === waits) && (
        <span
          className={classNames(
            'absolute inset-y-0 min-w-0.5 rounded-xs bg-current',
            isUnderWay(row) && 'animate-pulse',
          )}
          // What took no time stays in sight, also at the very end.
          style={{ left: `min(${at(from)}%, 100% - 2px)`, width: `${at(to) - at(from)}%` }}
        />
      )}
    </span>
  )
}

const isUnderWay = (row: Row): boolean => row.kind === 'working' || (row.kind === 'step' && row.goesOn)

function toneOf(row: Row): string {
  if (row.kind !== 'step') return 'text-line-strong'
  if (row.step.status === 'failed') return 'text-bad'
  if (row.step.kind === 'model') return 'text-accent'
  return row.step.kind === 'child' ? 'text-good' : 'text-info'
}
