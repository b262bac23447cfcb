'use client'

import { type FormEvent, type ReactNode, useId } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import type { DialogProps } from './dialog-popup.tsx'

interface FormDialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  about?: ReactNode
  /** The words on the button that sends it. */
  action: string
  busy: boolean
  /** What is wrong with the whole of it. */
  error?: string | undefined
  onSubmit: (form: FormData) => void
  children: ReactNode
  width?: DialogProps['width']
}

/** A form over the page. What was typed stays when it is refused. */
export function FormDialog({
  open,
  onOpenChange,
  title,
  about,
  action,
  busy,
  error,
  onSubmit,
  children,
  width,
}: FormDialogProps) {
  const id = useId()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSubmit(new FormData(event.currentTarget))
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={title}
      about={about}
      keepsOpen
      {...(width && { width })}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" form={id} kind="primary" busy={busy}>
            {action}
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} className="flex flex-col gap-4 pt-1">
        {children}
        {error !== undefined && (
          <p role="alert" className="text-bad">
            {error}
          </p>
        )}
      </form>
    </Dialog>
  )
}
