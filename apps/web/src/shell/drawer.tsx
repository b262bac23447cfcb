'use client'

import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import type { ReactNode } from 'react'

/** The side of the page, over it, where there is no room beside it. */
export function Drawer({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  return (
    <BaseDialog.Root open onOpenChange={(open) => !open && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="fixed inset-0 z-40 bg-black/40" />
        <BaseDialog.Popup
          aria-label="Menu"
          className="fixed inset-y-0 left-0 z-40 w-64 border-r border-line bg-surface"
        >
          {children}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}
