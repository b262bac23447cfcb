'use client'

import type { UsageSummary } from '@freehold/contracts'
import { useApi } from '../../api/use-api.ts'
import { useSearch } from '../../session/use-search.ts'
import { Chart } from '../../ui/charts/chart.tsx'
import { formatCompact, formatMoney, formatNumber } from '../../ui/format.ts'
import { Answered } from '../../ui/listing.tsx'
import { Card, Skeleton } from '../../ui/page.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Breakdown } from './breakdown.tsx'
import { ExportUsage } from './export-usage.tsx'
import { querySpan, spans } from './span.ts'

const everyMs = 30_000

const measures = [
  { value: 'spend', label: 'Spend' },
  { value: 'calls', label: 'Calls' },
  { value: 'tokens', label: 'Tokens' },
] as const

export function Spend() {
  const [search, setSearch] = useSearch()
  const span = spans.find(({ value }) => value === search.span)?.value ?? '30'
  const measure = measures.find(({ value }) => value === search.measure)?.value ?? 'spend'
  const days = useApi('summarizeUsage', { query: { groupBy: 'day', ...querySpan(span) } }, { everyMs })
  return (
    <div className="flex min-w-0 flex-col gap-5">
      <div className="flex flex-wrap gap-2">
        <Segmented
          label="Time"
          value={span}
          options={spans}
          onChange={(next) => setSearch({ span: next === '30' ? undefined : next })}
        />
      </div>
      <Answered answer={days} skeleton={<Skeleton className="h-96" />}>
        {(usage) => (
          <>
            <Totals usage={usage} />
            <Card
              title="By day"
              actions={
                <div className="flex flex-wrap items-center justify-end gap-2">
                  <Segmented
                    label="Measure"
                    value={measure}
                    options={measures}
                    onChange={(next) => setSearch({ measure: next === 'spend' ? undefined : next })}
                  />
                  <ExportUsage usage={usage} />
                </div>
              }
            >
              <div className="p-4">
                <Days usage={usage} measure={measure} />
              </div>
            </Card>
          </>
        )}
      </Answered>
      <Breakdown span={span} />
    </div>
  )
}

function Totals({ usage: { total } }: { usage: UsageSummary }) {
  const figures = [
    ['Spent', formatMoney(total.costNanos), undefined],
    ['Calls of models', formatNumber(total.calls), undefined],
    ['Tokens in', formatCompact(total.inputTokens), `${formatCompact(total.cacheReadTokens)} of them cached`],
    ['Tokens out', formatCompact(total.outputTokens), undefined],
  ] as const
  return (
    <div className="flex flex-col gap-2">
      <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line lg:grid-cols-4">
        {figures.map(([name, value, more]) => (
          <div key={name} className="bg-surface px-4 py-3">
            <dt className="text-xs text-faint">{name}</dt>
            <dd className="mt-0.5 text-xl font-semibold tabular-nums">{value}</dd>
            {more && <dd className="text-xs text-soft">{more}</dd>}
          </div>
        ))}
      </dl>
      {total.unpricedCalls > 0 && (
        <p className="text-warn">
          {formatNumber(total.unpricedCalls)} calls went to models without a known price, and are not in these sums.
        </p>
      )}
    </div>
  )
}

function Days({ usage: { items }, measure }: { usage: UsageSummary; measure: (typeof measures)[number]['value'] }) {
  const points = items.map(({ key }) => dayName(key ?? ''))
  const shared = { kind: 'bars', points, className: 'h-56!' } as const
  if (measure === 'tokens') {
    const series = [
      { name: 'In', tone: 'accent', values: items.map(({ inputTokens }) => inputTokens) },
      { name: 'Out', tone: 'info', values: items.map(({ outputTokens }) => outputTokens) },
    ] as const
    return <Chart {...shared} label="Tokens by day" series={series} format={formatCompact} />
  }
  const isSpend = measure === 'spend'
  const values = items.map(({ costNanos, calls }) => (isSpend ? costNanos : calls))
  return (
    <Chart
      {...shared}
      label={isSpend ? 'Spend by day' : 'Calls by day'}
      series={[{ name: isSpend ? 'Spend' : 'Calls', tone: 'accent', values }]}
      format={isSpend ? formatMoney : formatCompact}
    />
  )
}

const dayName = (at: string): string => new Date(at).toLocaleDateString('en', { month: 'short', day: 'numeric' })
