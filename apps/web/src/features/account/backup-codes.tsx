'use client'

import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { Dialog } from '../../ui/dialog.tsx'

export function BackupCodes({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Your backup codes"
      about="Keep them where you find them without your phone. Each signs you in once, and they are not shown again."
      keepsOpen
      footer={
        <Button kind="primary" onClick={onClose}>
          I have kept them
        </Button>
      }
    >
      <Code text={codes.join('\n')} label="Backup codes" />
    </Dialog>
  )
}
