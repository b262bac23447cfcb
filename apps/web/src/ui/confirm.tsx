'use client'

import { cloneElement, type MouseEventHandler, type ReactElement, useState } from 'react'
import type { ConfirmPopupProps } from './confirm-popup.tsx'
import { onDemand } from './on-demand.ts'

/** For a question that something else than a button of its own opens. */
export const ConfirmPopup = onDemand(() => import('./confirm-popup.tsx').then((module) => module.ConfirmPopup))

type ConfirmProps = Omit<ConfirmPopupProps, 'onClose'> & {
  /** The button that asks for it. */
  trigger: ReactElement<{ onClick?: MouseEventHandler }>
}

/** Asks before something that can't be taken back. */
export function Confirm({ trigger, ...popup }: ConfirmProps) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      {cloneElement(trigger, { onClick: () => setOpen(true) })}
      {isOpen && <ConfirmPopup {...popup} onClose={() => setOpen(false)} />}
    </>
  )
}
