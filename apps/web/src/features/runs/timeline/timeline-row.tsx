'use client'

import type { StepSummary } from '@freehold/contracts'
import {
  Bot,
  ChevronRight,
  CircleX,
  Clock,
  Cog,
  Hourglass,
  LoaderCircle,
  type LucideIcon,
  Scale,
  ShieldQuestion,
  Sparkles,
  Wrench,
} from 'lucide-react'
import { classNames } from '../../../ui/class-names.ts'
import { formatCompact, formatDuration, formatMoney } from '../../../ui/format.ts'
import { Bar } from './bar.tsx'
import type { Row } from './rows.ts'

export const rowHeight = 36
/** Name, bar, duration, and cost where there is room. */
export const columns =
  'grid grid-cols-[minmax(0,9fr)_minmax(0,8fr)_4rem] items-center gap-3 sm:grid-cols-[minmax(0,9fr)_minmax(0,10fr)_4.5rem_4.5rem]'

const icons: Record<StepSummary['kind'], LucideIcon> = {
  model: Sparkles,
  tool: Wrench,
  child: Bot,
  timer: Clock,
  decision: Scale,
  approval: ShieldQuestion,
  step: Cog,
}

interface TimelineRowProps {
  row: Row
  axis: { from: number; to: number }
  isSelected: boolean
  onToggle: (() => void) | undefined
}

export function TimelineRow({ row, axis, isSelected, onToggle }: TimelineRowProps) {
  return (
    <div
      className={classNames(
        columns,
        'h-full border-l-2 pr-3',
        row.kind === 'step' && 'cursor-pointer',
        row.kind === 'step' && !isSelected && 'hover:bg-sunken',
        isSelected ? 'border-accent bg-accent-soft' : 'border-transparent',
      )}
    >
      <span
        className={classNames('flex min-w-0 items-center gap-1.5', row.kind === 'attempt' && 'col-span-full')}
        style={{ paddingLeft: `${0.5 + row.depth * 1.1}rem` }}
      >
        {onToggle ? (
          <ChevronRight
            aria-hidden
            className={classNames(
              'size-4 shrink-0 text-faint transition-transform hover:text-ink',
              row.kind === 'step' && row.isExpanded && 'rotate-90',
            )}
            onClick={(event) => {
              event.stopPropagation()
              onToggle()
            }}
          />
        ) : (
          <span className="w-4 shrink-0" />
        )}
        <Name row={row} />
      </span>
      {row.kind !== 'attempt' && (
        <>
          <Bar row={row} axis={axis} />
          <span className="text-right text-xs text-soft tabular-nums" suppressHydrationWarning>
            {formatDuration(tookMs(row))}
          </span>
          <span className="hidden text-right text-xs text-soft tabular-nums sm:block">
            {row.kind === 'step' && <Spent step={row.step} />}
          </span>
        </>
      )}
    </div>
  )
}

function Name({ row }: { row: Row }) {
  if (row.kind === 'queued') return <Named Icon={Hourglass} name="In the queue" soft />
  if (row.kind === 'working') return <Named Icon={LoaderCircle} name="Working" soft />
  if (row.kind === 'attempt') {
    const { attempt, error } = row.attempt
    return (
      <span className="flex min-w-0 items-center gap-1.5 text-bad" title={error.message}>
        <CircleX className="size-3.5 shrink-0" aria-hidden />
        <span className="truncate">
          Attempt {attempt} failed: {error.message}
        </span>
      </span>
    )
  }
  const { step } = row
  return (
    <>
      <Named Icon={icons[step.kind]} name={step.name} failed={step.status === 'failed'} />
      {step.attempt > 1 && (
        <span
          className="shrink-0 rounded-full bg-warn-soft px-1.5 text-xs text-warn"
          title={`In attempt ${step.attempt}`}
        >
          {step.attempt}×
        </span>
      )}
    </>
  )
}

function Named({ Icon, name, failed, soft }: { Icon: LucideIcon; name: string; failed?: boolean; soft?: boolean }) {
  return (
    <>
      <Icon className={classNames('size-3.5 shrink-0', failed ? 'text-bad' : 'text-faint')} aria-hidden />
      <span className={classNames('truncate', failed ? 'text-bad' : soft && 'text-soft')} title={name}>
        {name}
      </span>
    </>
  )
}

function Spent({ step: { usage, costNanos } }: { step: StepSummary }) {
  if (usage === null) return null
  const tokens = `${formatCompact(usage.inputTokens + usage.outputTokens)} tokens`
  return <span title={tokens}>{costNanos === null ? tokens : formatMoney(costNanos)}</span>
}

/** As the one who did it measured, or with all that it waited for. */
function tookMs(row: Row): number {
  const { span } = row
  const measured = row.kind === 'step' && span.from === span.waits ? row.step.latencyMs : null
  return measured ?? span.to - span.waits
}

/** The row in words. */
export function describeRow(row: Row): string {
  const took = formatDuration(tookMs(row))
  if (row.kind === 'queued') return `In the queue, ${took}`
  if (row.kind === 'working') return 'Working'
  if (row.kind === 'attempt') return `Attempt ${row.attempt.attempt} failed: ${row.attempt.error.message}`
  const { name, kind, status, attempt } = row.step
  return `${kind} ${name}, ${status}, ${took}${attempt > 1 ? `, in attempt ${attempt}` : ''}`
}
