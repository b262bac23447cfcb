'use client'

import type { MouseEvent, ReactNode } from 'react'
import { classNames } from './class-names.ts'

export interface Column<Row> {
  key: string
  title: ReactNode
  cell: (row: Row) => ReactNode
  /** For figures. */
  right?: boolean
  /** Left out where there is little room. */
  wide?: boolean
  className?: string
}

interface TableProps<Row> {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** Where a click on the row leads, by the link to it that has to be in one of its cells. */
  href?: (row: Row) => string
}

export function Table<Row>({ label, columns, rows, rowKey, href }: TableProps<Row>) {
  const open = (event: MouseEvent, row: Row) => {
    const { target, currentTarget } = event
    // What is inside the row by React's lights alone is a dialog over the page.
    const isRow = target instanceof Element && currentTarget.contains(target) && !target.closest('a, button, input')
    if (!href || !isRow || window.getSelection()?.toString()) return
    const links = [...currentTarget.querySelectorAll<HTMLAnchorElement>('a[href]')]
    links.find((link) => link.getAttribute('href') === href(row))?.click()
  }
  return (
    // Positioned, so that what only a screen reader sees scrolls with it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so the keyboard has to reach it
    <section className="relative min-w-0 overflow-x-auto" aria-label={label} tabIndex={0}>
      <table className="w-full border-collapse text-left">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={classNames(
                  'border-b border-line px-3 py-2 text-xs md:px-4 font-medium whitespace-nowrap text-faint',
                  place(column),
                )}
              >
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              onClick={(event) => open(event, row)}
              className={classNames('border-b border-line last:border-0', href && 'cursor-pointer hover:bg-sunken')}
            >
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={classNames('px-3 py-2.5 align-middle md:px-4', place(column), column.className)}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function place({ right = false, wide = false }: { right?: boolean; wide?: boolean }): string {
  return classNames(right && 'text-right whitespace-nowrap tabular-nums', wide && 'hidden md:table-cell')
}
