'use client'

import { type KeyboardEvent, type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'

interface Tab {
  value: string
  label: ReactNode
  content: ReactNode
}

interface TabsProps {
  tabs: readonly Tab[]
  value: string
  onChange: (value: string) => void
}

/** Along the list only: the page stays where it is. */
function bringIntoSight(tab: HTMLElement | null): void {
  const list = tab?.parentElement
  if (tab && list) list.scrollLeft = Math.max(0, tab.offsetLeft + tab.offsetWidth - list.clientWidth)
}

/** As WAI-ARIA has tabs: arrows go along them, and what is shown follows. The library for it weighs more than these pages. */
export function Tabs({ tabs, value, onChange }: TabsProps) {
  const id = useId()
  const idOf = (tab: Tab) => `${id}-${tab.value}`
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>) => {
    const at = tabs.findIndex((tab) => idOf(tab) === event.currentTarget.id)
    const last = tabs.length - 1
    const targets: Record<string, number> = {
      ArrowLeft: at === 0 ? last : at - 1,
      ArrowRight: at === last ? 0 : at + 1,
      Home: 0,
      End: last,
    }
    const next = tabs[targets[event.key] ?? -1]
    if (!next) return
    event.preventDefault()
    onChange(next.value)
    document.getElementById(idOf(next))?.focus()
  }
  const shown = tabs.find((tab) => tab.value === value)
  return (
    <div className="min-w-0">
      <div role="tablist" className="relative flex gap-4 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <button
            key={tab.value}
            id={idOf(tab)}
            type="button"
            role="tab"
            aria-selected={tab === shown}
            aria-controls={tab === shown ? `${id}-panel` : undefined}
            tabIndex={tab === shown ? 0 : -1}
            onClick={() => onChange(tab.value)}
            onKeyDown={onKeyDown}
            ref={tab === shown ? bringIntoSight : undefined}
            className={classNames(
              '-mb-px border-b-2 px-0.5 py-2 whitespace-nowrap',
              tab === shown ? 'border-accent font-medium text-ink' : 'border-transparent text-soft hover:text-ink',
            )}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {shown && (
        <div key={shown.value} id={`${id}-panel`} role="tabpanel" aria-labelledby={idOf(shown)} className="pt-4">
          {shown.content}
        </div>
      )}
    </div>
  )
}
