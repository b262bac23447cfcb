'use client'

import type { Schedule } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'

export function DeleteSchedule({ schedule: { id, name }, onClose }: { schedule: Schedule; onClose: () => void }) {
  const remove = useAct('deleteSchedule', {
    changes: ['listSchedules'],
    done: `The schedule ${name} is deleted`,
    onDone: onClose,
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Delete ${name}?`}
      about="It starts no more runs. Those that it has started go on. This can’t be undone."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" busy={remove.isPending} onClick={() => remove.mutate({ params: { id } })}>
            Delete schedule
          </Button>
        </>
      }
    />
  )
}
