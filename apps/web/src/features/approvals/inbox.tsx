'use client'

import type { ApprovalSummary } from '@freehold/contracts'
import { ArrowLeft, CircleCheckBig, Keyboard } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSearch } from '../../session/use-search.ts'
import { Button } from '../../ui/button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { EmptyState } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import { ApprovalView } from './approval-view.tsx'
import { InboxRow, rowId } from './inbox-row.tsx'
import { KeysDialog } from './keys-dialog.tsx'

const everyMs = 4_000
/** From here on there is room for both, the list and what is chosen in it. */
const roomForBoth = '(min-width: 64rem)'

/** What waits, and beside it the one that is chosen. Where there is little room, one of both. */
export function Inbox() {
  const listed = usePages('listApprovals', { query: { status: 'pending' } }, everyMs)
  // Decided here, while the list that was asked for before still has it.
  const [decided, setDecided] = useState<readonly (string | undefined)[]>([])
  const pending = { ...listed, items: listed.items?.filter(({ id }) => !decided.includes(id)) }
  const items = pending.items ?? []
  const { chosen, choose, leave, move, goOn } = useChosen(items)
  const [showsKeys, setShowsKeys] = useState(false)
  const onward = () => move(1)
  const onDecided = () => {
    setDecided((before) => [...before, chosen])
    goOn()
  }
  useKeys({
    j: onward,
    k: () => move(-1),
    '?': () => setShowsKeys(true),
    Escape: leave,
    // What is not open is opened first: nobody decides on what they don't see.
    ...(chosen === undefined && { a: onward, e: onward, r: onward, Enter: onward }),
  })
  if (items.length === 0 && chosen === undefined) {
    return (
      <Paged list={pending} empty={nothingWaits}>
        {() => null}
      </Paged>
    )
  }
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[22rem_minmax(0,1fr)]">
      <div className={classNames('flex flex-col gap-2', chosen !== undefined && 'max-lg:hidden')}>
        <Paged list={pending} empty={<EmptyState title="Nothing else waits" />}>
          {(rows) => (
            <ul aria-label="Waiting" className="divide-y divide-line overflow-hidden rounded-lg">
              {rows.map((row) => (
                <li key={row.id}>
                  <InboxRow approval={row} isChosen={row.id === chosen} onChoose={() => choose(row.id)} />
                </li>
              ))}
            </ul>
          )}
        </Paged>
        <Button kind="quiet" size="small" className="max-lg:hidden self-start" onClick={() => setShowsKeys(true)}>
          <Keyboard /> Keys
        </Button>
      </div>
      {chosen !== undefined && (
        <div className="flex min-w-0 flex-col gap-3">
          <div className="lg:hidden">
            <Button kind="quiet" size="small" onClick={leave}>
              <ArrowLeft /> All that waits
            </Button>
          </div>
          <ApprovalView key={chosen} id={chosen} onDecided={onDecided} />
        </div>
      )}
      {showsKeys && <KeysDialog onClose={() => setShowsKeys(false)} />}
    </div>
  )
}

const nothingWaits = (
  <EmptyState icon={<CircleCheckBig />} title="Nothing waits for you">
    When an agent wants to do something that its policy leaves to people, it stops and asks here. Which calls need an
    approval is part of an agent, under Approvals.
  </EmptyState>
)

/**
 * Which one is chosen: kept here, so that the next key finds what this one chose, and told by the address. Where there is room
 * for it, the first is, if none else.
 */
function useChosen(items: readonly ApprovalSummary[]) {
  const [search, setSearch] = useSearch()
  const [chosen, setChosen] = useState(search.id)
  const latest = useRef(chosen)
  const choose = (id: string | undefined) => {
    latest.current = id
    setChosen(id)
    setSearch({ id })
  }
  const first = items[0]?.id
  useEffect(() => {
    if (chosen === undefined && first !== undefined && window.matchMedia(roomForBoth).matches) choose(first)
  })
  const at = items.findIndex(({ id }) => id === chosen)
  const go = (next: ApprovalSummary | undefined) => {
    choose(next?.id)
    if (next) document.getElementById(rowId(next.id))?.focus()
  }
  return {
    chosen,
    choose,
    leave: () => choose(undefined),
    move: (by: 1 | -1) => go(items[Math.min(items.length - 1, Math.max(0, at + by))]),
    /** To what comes after one that is decided, for who has not gone elsewhere before the answer came. */
    goOn: () => {
      if (latest.current === chosen) go(items[at + 1] ?? items[at - 1])
    },
  }
}
