'use client'

import type { Run } from '@freehold/contracts'
import { isTerminalStatus } from '@freehold/contracts/browser'
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { formatDuration } from '../../../ui/format.ts'
import { useNow } from '../../../ui/use-now.ts'
import { OpenRun, type OpenRuns } from './open-run.tsx'
import { axisOf, type Row, rowsOf } from './rows.ts'
import { columns, describeRow, rowHeight, TimelineRow } from './timeline-row.tsx'
import { useRowsInSight } from './use-rows-in-sight.ts'

interface TimelineProps {
  run: Run
  /** When the run was read. */
  known: number
  selected: string | undefined
  onSelect: (row: Row) => void
}

/** Every step as a bar on one axis of time. Only the rows in sight are in the page, however many there are. */
export function Timeline({ run, known, selected, onSelect }: TimelineProps) {
  const box = useRef<HTMLDivElement>(null)
  const now = useNow(!isTerminalStatus(run.status), known)
  const { openRuns, toggle, read } = useOpenRuns()
  const rows = useMemo(() => rowsOf(run, openRuns, now), [run, openRuns, now])
  const axis = useMemo(() => axisOf(run, rows, now), [run, rows, now])
  const [first, end] = useRowsInSight(box, rows.length, rowHeight)
  const current = rows.findIndex(({ key }) => key === selected)
  useFollowedEnd(box, rows.length, isTerminalStatus(run.status))
  const toggleOf = (row: Row | undefined) => {
    const child = row?.kind === 'step' ? row.step.childRunId : null
    return child === null ? undefined : () => toggle(child)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextRow(event.key, rows, current)
    const row = rows[current]
    const isExpanded = row?.kind === 'step' && row.isExpanded
    const toggles = event.key === (isExpanded ? 'ArrowLeft' : 'ArrowRight') || event.key === 'Enter'
    if (next !== undefined) {
      scrollTo(box.current, next)
      if (rows[next]) onSelect(rows[next])
    } else if (toggles) toggleOf(row)?.()
    else return
    event.preventDefault()
  }
  return (
    <div className="flex h-full min-h-0 flex-col">
      {[...openRuns.keys()].map((id) => (
        <OpenRun key={id} id={id} onRead={read} />
      ))}
      <Axis lengthMs={axis.to - axis.from} />
      <div
        ref={box}
        role="tree"
        aria-label="Steps"
        tabIndex={0}
        aria-activedescendant={current === -1 ? undefined : `step-${current}`}
        onKeyDown={onKeyDown}
        className="min-h-0 grow overflow-y-auto [overflow-anchor:none] focus-visible:outline-offset-[-2px]"
      >
        <div className="relative" style={{ height: rows.length * rowHeight }}>
          {rows.slice(first, end).map((row, offset) => {
            const index = first + offset
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
              <div
                key={row.key}
                id={`step-${index}`}
                role="treeitem"
                tabIndex={-1}
                aria-label={describeRow(row)}
                aria-level={row.depth + 1}
                aria-selected={index === current}
                {...(row.kind === 'step' && row.isExpanded !== undefined && { 'aria-expanded': row.isExpanded })}
                onClick={() => onSelect(row)}
                className="absolute inset-x-0 top-0 outline-none"
                style={{ height: rowHeight, transform: `translateY(${index * rowHeight}px)` }}
              >
                <TimelineRow row={row} axis={axis} isSelected={index === current} onToggle={toggleOf(row)} />
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}

function useOpenRuns() {
  const [openRuns, setOpenRuns] = useState<OpenRuns>(new Map())
  const toggle = (id: string) =>
    setOpenRuns((before) =>
      before.has(id) ? new Map([...before].filter(([each]) => each !== id)) : new Map([...before, [id, undefined]]),
    )
  const read = useCallback((run: Run) => setOpenRuns((before) => new Map(before).set(run.id, run)), [])
  return { openRuns, toggle, read }
}

/** Brings a row into sight, and no further. */
function scrollTo(box: HTMLElement | null, index: number): void {
  if (!box) return
  const top = index * rowHeight
  box.scrollTop = Math.min(top, Math.max(box.scrollTop, top + rowHeight - box.clientHeight))
}

/** The next step in the direction of a key. */
function nextRow(key: string, rows: readonly Row[], current: number): number | undefined {
  const steps = rows.flatMap((row, index) => (row.kind === 'step' ? [index] : []))
  if (key === 'Home') return steps[0]
  if (key === 'End') return steps.at(-1)
  if (key === 'ArrowDown') return steps.find((index) => index > current) ?? steps.at(-1)
  if (key === 'ArrowUp') return steps.findLast((index) => index < current) ?? steps[0]
  return undefined
}

/** Who looks at the end of a run that goes on goes on looking at the end. */
function useFollowedEnd(box: RefObject<HTMLDivElement | null>, count: number, hasEnded: boolean): void {
  const isAtEnd = useRef(true)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const note = () => {
      isAtEnd.current = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeight
    }
    element.addEventListener('scroll', note, { passive: true })
    return () => element.removeEventListener('scroll', note)
  }, [box])
  // biome-ignore lint/correctness/useExhaustiveDependencies: with every further row
  useEffect(() => {
    if (!hasEnded && isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [count, hasEnded, box])
}

function Axis({ lengthMs }: { lengthMs: number }) {
  return (
    <div aria-hidden className={`${columns} h-8 shrink-0 border-b border-line pr-3 text-xs text-faint`}>
      <span className="pl-8">Step</span>
      <span className="flex justify-between tabular-nums" suppressHydrationWarning>
        <span>0</span>
        <span className="hidden md:inline" suppressHydrationWarning>
          {formatDuration(lengthMs / 2)}
        </span>
        <span suppressHydrationWarning>{formatDuration(lengthMs)}</span>
      </span>
      <span className="text-right">Took</span>
      <span className="hidden text-right sm:block">Cost</span>
    </div>
  )
}
