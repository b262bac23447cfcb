'use client'

import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'
import { useFocusReturn } from './use-focus-return.ts'

export interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  about?: ReactNode
  children?: ReactNode
  /** The buttons. */
  footer?: ReactNode
  /** A click beside it does not close it, for what would be lost then. */
  keepsOpen?: boolean
  /** Where it holds more than a few fields. */
  width?: 'max-w-2xl' | 'max-w-4xl'
}

export function DialogPopup({
  open,
  onOpenChange,
  title,
  about,
  children,
  footer,
  keepsOpen = false,
  width,
}: DialogProps) {
  useFocusReturn()
  const popup = useRef<HTMLDivElement>(null)
  return (
    <BaseDialog.Root open={open} onOpenChange={onOpenChange} disablePointerDismissal={keepsOpen}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="fixed inset-0 z-40 bg-black/40 transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <BaseDialog.Popup
          ref={popup}
          // A finger would bring up the keyboard before anything was read.
          initialFocus={(openType) => (openType === 'touch' ? true : firstFieldOf(popup.current))}
          className={classNames(
            'fixed top-1/2 left-1/2 z-40 flex max-h-[90dvh] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-xl border border-line bg-raised shadow-float transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0',
            width ?? 'max-w-lg',
          )}
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-4 pb-3">
            <div className="min-w-0">
              <BaseDialog.Title className="text-base font-semibold">{title}</BaseDialog.Title>
              {about && <BaseDialog.Description className="mt-1 text-soft">{about}</BaseDialog.Description>}
            </div>
            <BaseDialog.Close render={<Button kind="quiet" size="small-icon" aria-label="Close" />}>
              <X />
            </BaseDialog.Close>
          </div>
          {children && <div className="min-h-0 overflow-y-auto px-5 pb-4">{children}</div>}
          {footer && <div className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</div>}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

/** What a form begins with; where there is none the library finds something. */
function firstFieldOf(popup: HTMLElement | null): HTMLElement | true {
  return popup?.querySelector<HTMLElement>('input:not([type=hidden], :disabled), textarea, select') ?? true
}
