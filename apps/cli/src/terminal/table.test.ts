import { expect, it } from 'vitest'
import { type Column, renderFields, renderTable } from './table.ts'
import { createPaint } from './terminal.ts'

const paint = createPaint(false)
const columns: Column<{ id: string; cost: string; message: string }>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'COST', align: 'right', value: ({ cost }) => cost },
  { title: 'MESSAGE', flexible: true, value: ({ message }) => message },
]
const rows = [
  { id: 'a1', cost: '$0', message: 'What is 17% of 2340, and why is it so?' },
  { id: 'b', cost: '$0.0012', message: 'hello' },
]

it('aligns columns and leaves no spaces at the end', () => {
  expect(renderTable(columns, rows, undefined, paint)).toBe(
    ['ID     COST  MESSAGE', 'a1       $0  What is 17% of 2340, and why is it so?', 'b   $0.0012  hello', ''].join(
      '\n',
    ),
  )
})

it('cuts the flexible column to the width of the terminal', () => {
  const lines = renderTable(columns, rows, 30, paint).split('\n')
  expect(lines[1]).toBe('a1       $0  What is 17% of 2…')
  expect(lines[1]).toHaveLength(30)
})

it('never cuts ids, however narrow the terminal is', () => {
  expect(renderTable(columns, rows, 5, paint)).toContain('a1       $0  What …')
})

it('leaves out absent fields', () => {
  expect(
    renderFields(
      [
        ['name', 'acme'],
        ['parent', undefined],
        ['description', 'x'],
      ],
      paint,
    ),
  ).toBe('name         acme\ndescription  x\n')
})
