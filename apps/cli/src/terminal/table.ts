import { truncate } from './format.ts'
import type { Paint } from './terminal.ts'

const gap = '  '
const narrowestFlexible = 6
const widestFlexible = 60

export interface Column<Row> {
  title: string
  value: (row: Row) => string
  align?: 'right'
  /** Cut to what the terminal leaves; one column of a table at the most. */
  flexible?: boolean
}

/** An aligned table, one line to a row, no wider than `width` where the flexible column can give way. */
export function renderTable<Row>(columns: Column<Row>[], rows: Row[], width: number | undefined, paint: Paint): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ value }) => value(row)))]
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => letterCount(line[index] ?? ''))))
  shrinkFlexible(columns, widths, width)
  const lines = cells.map((line) =>
    line
      .map((cell, index) => align(truncate(cell, widths[index] ?? 0), widths[index] ?? 0, columns[index]?.align))
      .join(gap)
      .trimEnd(),
  )
  const [head = '', ...body] = lines
  return `${[paint.dim(head), ...body].join('\n')}\n`
}

function shrinkFlexible<Row>(columns: Column<Row>[], widths: number[], width: number | undefined): void {
  const index = columns.findIndex(({ flexible }) => flexible)
  const wanted = widths[index]
  if (wanted === undefined) return
  const others = widths.reduce((sum, each) => sum + each, 0) - wanted + gap.length * (columns.length - 1)
  const room = width === undefined ? widestFlexible : width - others
  widths[index] = Math.min(wanted, Math.max(narrowestFlexible, room))
}

/** `name  value` lines with the names aligned. Absent values are left out. */
export function renderFields(fields: [name: string, value: string | undefined][], paint: Paint): string {
  const given = fields.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [{ name, value }]))
  const width = Math.max(0, ...given.map(({ name }) => name.length))
  return given.map(({ name, value }) => `${paint.dim(name.padEnd(width))}${gap}${value}\n`).join('')
}

function align(cell: string, width: number, side: 'right' | undefined): string {
  const padding = ' '.repeat(Math.max(0, width - letterCount(cell)))
  return side === 'right' ? padding + cell : cell + padding
}

function letterCount(text: string): number {
  return [...text].length
}
