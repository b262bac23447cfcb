import { classNames } from '../class-names.ts'
import type { ChartProps, ChartSeries } from './chart-props.ts'
import { inks } from './tones.ts'

export function SeriesName({ series: { name, tone } }: { series: ChartSeries }) {
  return (
    <span className="inline-flex items-center gap-1.5 text-xs text-soft">
      <span aria-hidden className={classNames('size-2 shrink-0 rounded-xs bg-current', inks[tone])} />
      {name}
    </span>
  )
}

/** Beside the point it tells of, on the side where there is room. */
export function Tooltip({ points, series, format, index }: ChartProps & { index: number }) {
  const at = ((index + 0.5) / points.length) * 100
  return (
    <div
      role="status"
      className="pointer-events-none absolute top-1 z-10 min-w-32 rounded-md border border-line bg-raised px-2.5 py-1.5 text-xs shadow-float"
      style={at > 50 ? { right: `calc(${100 - at}% + 0.75rem)` } : { left: `calc(${at}% + 0.75rem)` }}
    >
      <p className="mb-1 font-medium">{points[index]}</p>
      {series.map((each) => (
        <p key={each.name} className="flex justify-between gap-4 whitespace-nowrap">
          <SeriesName series={each} />
          <span className="tabular-nums">{format(each.values[index] ?? 0)}</span>
        </p>
      ))}
    </div>
  )
}

/** All of it in words. */
export function ChartTable({ label, points, series, format }: ChartProps) {
  const rows = points.map((point, index) => [point, ...series.map(({ values }) => format(values[index] ?? 0))])
  return (
    <table className="sr-only">
      <caption>{label}</caption>
      <tbody>
        {[['Time', ...series.map(({ name }) => name)], ...rows].map(([first, ...rest], row) => (
          // biome-ignore-start lint/suspicious/noArrayIndexKey: rows and cells have no other name that is their own
          <tr key={row}>
            <th scope={row === 0 ? 'col' : 'row'}>{first}</th>
            {rest.map((cell, column) => (row === 0 ? <th key={column}>{cell}</th> : <td key={column}>{cell}</td>))}
          </tr>
          // biome-ignore-end lint/suspicious/noArrayIndexKey: rows and cells have no other name that is their own
        ))}
      </tbody>
    </table>
  )
}
