'use client'

import { type KeyboardEvent, type PointerEvent, useState } from 'react'
import { classNames } from '../class-names.ts'
import type { ChartProps } from './chart-props.ts'
import { ChartTable, SeriesName, Tooltip } from './chart-words.tsx'
import { namedPoints, scaleTo } from './scale.ts'
import { inks } from './tones.ts'

/** A chart over time. Its values show on hover and by the arrow keys; a screen reader has them as a table. */
export function Chart(props: ChartProps) {
  const { label, kind, points, series, format, className } = props
  const [shown, setShown] = useState<number>()
  const heights = points.map((_, index) => series.map(({ values }) => values[index] ?? 0))
  const highest = Math.max(0, ...(kind === 'bars' ? heights.map(sum) : heights.flat()))
  const { lines, top } = scaleTo(highest)
  const names = lines.map((at) => format(at))
  const widest = Math.max(...names.map(({ length }) => length))
  const place = (index: number) => ({ left: `${((index + 0.5) / points.length) * 100}%` })
  return (
    <figure className="min-w-0" aria-label={label}>
      <figcaption className="mb-3 flex min-h-4 flex-wrap justify-end gap-x-4 gap-y-1">
        {series.length > 1 && series.map((each) => <SeriesName key={each.name} series={each} />)}
      </figcaption>
      <div
        className={classNames('relative mb-5 h-44 text-xs whitespace-nowrap text-faint', className)}
        style={{ marginLeft: `${widest + 2}ch` }}
      >
        {lines.map((at, index) => (
          <div key={at} className="absolute inset-x-0 border-t border-line" style={{ bottom: `${(at / top) * 100}%` }}>
            <span aria-hidden className="absolute right-full -translate-y-1/2 pr-2 tabular-nums">
              {names[index]}
            </span>
          </div>
        ))}
        {namedPoints(points.length, 6).map((index) => (
          <span key={index} aria-hidden className="absolute top-full mt-1 -translate-x-1/2" style={place(index)}>
            {points[index]}
          </span>
        ))}
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form */}
        <div
          role="group"
          aria-label={`${label}: values by the arrow keys`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys have to reach it
          tabIndex={0}
          className="absolute inset-0 text-ink"
          onKeyDown={(event) => setShown((before) => byKey(event, before, points.length))}
          onPointerMove={(event) => setShown(underPointer(event, points.length))}
          onPointerLeave={() => setShown(undefined)}
          onBlur={() => setShown(undefined)}
        >
          <Shapes {...props} top={top} shown={shown} />
          {shown !== undefined && <Tooltip {...props} index={shown} />}
        </div>
      </div>
      <ChartTable {...props} />
    </figure>
  )
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

function underPointer(event: PointerEvent, count: number): number {
  const { left, width } = event.currentTarget.getBoundingClientRect()
  return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * count)))
}

function byKey(event: KeyboardEvent, before: number | undefined, count: number): number | undefined {
  if (event.key === 'Escape') return undefined
  if (event.key === 'ArrowLeft') return Math.max(0, (before ?? count) - 1)
  if (event.key === 'ArrowRight') return Math.min(count - 1, (before ?? -1) + 1)
  return before
}

/** Of a drawing. Amounts are in billionths of dollars, and browsers cut the height of a rectangle at some thirty million. */
const height = 100

/** Drawn on a field of one unit for each point, stretched to whatever room there is. */
function Shapes({ kind, points, series, top, shown }: ChartProps & { top: number; shown: number | undefined }) {
  const scaled = series.map((each) => ({ ...each, values: each.values.map((value) => (value / top) * height) }))
  const below = (order: number, index: number) => sum(scaled.slice(0, order).map(({ values }) => values[index] ?? 0))
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${points.length || 1} ${height}`}
      preserveAspectRatio="none"
      className="absolute inset-0 size-full fill-current"
    >
      {shown !== undefined && <rect x={shown} width={1} height={height} className="opacity-5" />}
      {scaled.map(({ name, tone, values }, order) => (
        <g key={name} className={inks[tone]}>
          {kind === 'area' && <Area values={values} />}
          {kind === 'bars' &&
            values.map((value, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: points have no other name that is their own
              <rect key={index} x={index + 0.15} width={0.7} y={height - below(order, index) - value} height={value} />
            ))}
        </g>
      ))}
    </svg>
  )
}

function Area({ values }: { values: readonly number[] }) {
  const path = values.map((value, index) => `${index === 0 ? 'M' : 'L'}${index + 0.5} ${height - value}`).join('')
  return (
    <>
      <path d={`${path}V${height}H0.5Z`} className="opacity-15" />
      {/* A single point is a dot. */}
      <path
        d={`${path}h0`}
        className="fill-none stroke-current stroke-2 [stroke-linecap:round] [vector-effect:non-scaling-stroke]"
      />
    </>
  )
}
