'use client'

import type { Overview, RunFigures } from '@freehold/contracts'
import { ArrowDownRight, ArrowUpRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from '../../ui/class-names.ts'
import { formatDuration, formatMoney, formatNumber, formatShare } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'

/** The figures of the period, each against those of the period before. */
export function Figures({ overview: { current, previous }, days }: { overview: Overview; days: string }) {
  const before = days === '1' ? 'than yesterday by this time' : `than in the ${days} days before`
  return (
    <Card>
      <dl className="grid grid-cols-2 lg:grid-cols-4">
        <Figure name="Runs" value={formatNumber(current.runs)}>
          <Change by={growth(current.runs, previous.runs)} than={before} />
        </Figure>
        <Figure name="Success rate" value={current.successRate === null ? '–' : formatShare(current.successRate)}>
          <Change {...rateChange(current, previous)} than={before} better="more" />
        </Figure>
        <Figure name="Median duration" value={current.durationMs ? formatDuration(current.durationMs.p50) : '–'}>
          {current.durationMs && <span className="text-soft">p95 {formatDuration(current.durationMs.p95)}</span>}
          <Change by={growth(current.durationMs?.p50, previous.durationMs?.p50)} than={before} better="less" />
        </Figure>
        <Figure name="Spend" value={formatMoney(current.costNanos)}>
          <Change by={growth(current.costNanos, previous.costNanos)} than={before} />
        </Figure>
      </dl>
    </Card>
  )
}

function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <div className="min-w-0 border-line p-4 odd:border-r nth-[n+3]:border-t lg:border-r lg:last:border-r-0 lg:nth-[n+3]:border-t-0">
      <dt className="text-xs text-faint">{name}</dt>
      <dd className="mt-1 text-2xl font-semibold tracking-tight tabular-nums">{value}</dd>
      <dd className="mt-1 flex min-h-4 flex-wrap gap-x-2 text-xs">{children}</dd>
    </div>
  )
}

interface ChangeProps {
  /** As a share of what it was, or, with a unit, by how much. */
  by: number | undefined
  unit?: string
  than: string
  better?: 'more' | 'less'
}

function Change({ by, unit, than, better }: ChangeProps) {
  if (by === undefined) return null
  const amount = unit === undefined ? formatShare(Math.abs(by)) : `${Math.abs(by).toFixed(1)} ${unit}`
  if (by === 0) return <span className="text-faint">No more and no less {than}</span>
  const Icon = by > 0 ? ArrowUpRight : ArrowDownRight
  const isBetter = better && by > 0 === (better === 'more')
  return (
    <span
      title={`${amount} ${by > 0 ? 'more' : 'less'} ${than}`}
      className={classNames(
        'inline-flex items-center gap-0.5',
        better ? (isBetter ? 'text-good' : 'text-bad') : 'text-soft',
      )}
    >
      <Icon className="size-3.5" aria-hidden />
      {amount}
      <span className="sr-only">
        {by > 0 ? 'more' : 'less'} {than}
      </span>
    </span>
  )
}

function growth(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || before === undefined || before === 0 ? undefined : now / before - 1
}

function rateChange(current: RunFigures, previous: RunFigures): { by: number | undefined; unit: string } {
  const [now, before] = [current.successRate, previous.successRate]
  return { by: now === null || before === null ? undefined : (now - before) * 100, unit: 'points' }
}
