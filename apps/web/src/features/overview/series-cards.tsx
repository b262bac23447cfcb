'use client'

import type { Overview } from '@freehold/contracts'
import { Chart } from '../../ui/charts/chart.tsx'
import { formatCompact, formatMoney } from '../../ui/format.ts'
import { Card } from '../../ui/page.tsx'
import { pointName } from './period.ts'

export function SeriesCards({ overview: { series, timeZone }, days }: { overview: Overview; days: string }) {
  const points = series.map(({ at }) => pointName(at, timeZone, days))
  const others = {
    name: 'Not failed',
    tone: 'accent',
    values: series.map(({ runs, failed }) => runs - failed),
  } as const
  const failed = { name: 'Failed', tone: 'bad', values: series.map((each) => each.failed) } as const
  const spend = { name: 'Spend', tone: 'accent', values: series.map(({ costNanos }) => costNanos) } as const
  const by = days === '1' ? 'by the hour' : 'by day'
  const whose = <span className="text-xs text-soft">{`${by}, ${timeZone}`}</span>
  return (
    <div className="grid gap-5 lg:grid-cols-2">
      <Card title="Runs" actions={whose} className="pb-3">
        <div className="px-4 pt-3">
          <Chart label={`Runs ${by}`} kind="bars" points={points} series={[others, failed]} format={formatCompact} />
        </div>
      </Card>
      <Card title="Spend" actions={whose} className="pb-3">
        <div className="px-4 pt-3">
          <Chart label={`Spend ${by}`} kind="area" points={points} series={[spend]} format={formatMoney} />
        </div>
      </Card>
    </div>
  )
}
