'use client'

import type { DialogProps } from './dialog-popup.tsx'
import { onDemand } from './on-demand.ts'

// A page is there before its dialogs are: most visits open none.
const DialogPopup = onDemand(() => import('./dialog-popup.tsx').then((module) => module.DialogPopup))

export function Dialog(props: DialogProps) {
  return props.open ? <DialogPopup {...props} /> : null
}
