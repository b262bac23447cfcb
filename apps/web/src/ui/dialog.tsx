'use client'

import dynamic from 'next/dynamic'
import type { DialogProps } from './dialog-popup.tsx'
import { untilLoaded } from './until-loaded.ts'

// A page is there before its dialogs are: most visits open none.
const DialogPopup = dynamic(
  () => untilLoaded(() => import('./dialog-popup.tsx').then((module) => module.DialogPopup)),
  { ssr: false },
)

export function Dialog(props: DialogProps) {
  return props.open ? <DialogPopup {...props} /> : null
}
