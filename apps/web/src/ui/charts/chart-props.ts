import type { ChartTone } from './tones.ts'

export interface ChartSeries {
  name: string
  tone: ChartTone
  /** One for each point: whole numbers, not below 0. */
  values: readonly number[]
}

export interface ChartProps {
  /** What it shows. */
  label: string
  /** Bars of several series stand on each other, areas before each other. */
  kind: 'bars' | 'area'
  /** Names of the points, from left to right. */
  points: readonly string[]
  series: readonly ChartSeries[]
  format: (value: number) => string
  /** For its height, `h-44` when absent. */
  className?: string
}
