'use client'

import { Ellipsis } from 'lucide-react'
import { useState } from 'react'
import { Button } from './button.tsx'
import { ConfirmPopup } from './confirm.tsx'
import type { ConfirmPopupProps } from './confirm-popup.tsx'
import { Menu } from './menu.tsx'

type Question = Omit<ConfirmPopupProps, 'onClose'>

/** Something to do with a row, at once or after a question. */
interface RowAction {
  label: string
  danger?: boolean
  onSelect?: () => void
  question?: Question
}

interface RowActionsProps {
  /** What the row is about. */
  of: string
  /** Those that the person may do; none shows no menu. */
  actions: readonly (RowAction | false)[]
}

/** What can be done with a row of a table, behind one button. */
export function RowActions({ of, actions }: RowActionsProps) {
  const [asked, setAsked] = useState<Question>()
  const entries = actions.filter((action) => action !== false)
  if (entries.length === 0) return null
  return (
    <>
      <Menu
        trigger={
          <Button kind="quiet" size="small-icon" aria-label={`Actions for ${of}`}>
            <Ellipsis />
          </Button>
        }
        entries={entries.map(({ label, danger = false, onSelect, question }) => ({
          label,
          danger,
          onSelect: () => (question ? setAsked(question) : onSelect?.()),
        }))}
      />
      {asked && <ConfirmPopup {...asked} onClose={() => setAsked(undefined)} />}
    </>
  )
}
