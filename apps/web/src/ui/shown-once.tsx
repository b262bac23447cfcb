'use client'

import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Code } from './code.tsx'
import { Dialog } from './dialog.tsx'

interface ShownOnceProps {
  title: string
  about?: ReactNode
  /** What it is, for the button that copies it. */
  label: string
  text: string
  onClose: () => void
}

/** Something that can't be read again. */
export function ShownOnce({
  title,
  about = 'Copy it now: it is not shown again.',
  label,
  text,
  onClose,
}: ShownOnceProps) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      about={about}
      keepsOpen
      footer={
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <Code text={text} label={label} />
    </Dialog>
  )
}
