'use client'

import type { Agent } from '@freehold/contracts'
import { merge } from '../../../api/merge.ts'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { ChangeList } from '../versions/change-list.tsx'
import { changesBetween } from '../versions/changes.ts'
import { type Draft, toConfig, toDraft } from './draft.ts'
import type { Unsaved } from './use-draft.ts'

interface ReviewDialogProps {
  /** The newest that is known. */
  agent: Agent
  unsaved: Unsaved
  busy: boolean
  onClose: () => void
  /** Gives up the draft for what is the newest. */
  onTakeOver: () => void
  onSave: (draft: Draft) => void
}

/** What a new version changes, before it is saved; and, where somebody else was faster, what they changed. */
export function ReviewDialog({
  agent,
  unsaved: { draft, base },
  busy,
  onClose,
  onTakeOver,
  onSave,
}: ReviewDialogProps) {
  const isBehind = agent.version !== base.version
  const ours = isBehind ? merge(toDraft(base), draft, toDraft(agent)) : draft
  const changes = changesBetween(agent, toConfig(ours))
  const next = agent.version + 1
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={isBehind ? `Changed meanwhile by version ${agent.version}` : `Save version ${next}?`}
      about={
        isBehind
          ? `You began from version ${base.version}. Take over the newest, which gives up your changes, or save yours on top of it.`
          : 'It serves nowhere until it is released. Versions never change, so you can always go back.'
      }
      width="max-w-4xl"
      footer={
        <>
          <Button onClick={onClose}>Keep editing</Button>
          {isBehind && <Button onClick={onTakeOver}>Take over version {agent.version}</Button>}
          {/* The second click of a double click would save on top of what nobody has looked at yet. */}
          <Button kind="primary" busy={busy} onClick={({ detail }) => detail < 2 && onSave(ours)}>
            Save version {next}
          </Button>
        </>
      }
    >
      {isBehind ? (
        <div className="flex flex-col gap-6">
          <Part title={`Since version ${base.version}`} changes={changesBetween(base, agent)} />
          <Part title={`Yours on top of version ${agent.version}`} changes={changes} />
        </div>
      ) : (
        <ChangeList changes={changes} />
      )}
    </Dialog>
  )
}

function Part({ title, changes }: { title: string; changes: ReturnType<typeof changesBetween> }) {
  return (
    <section aria-label={title} className="flex flex-col gap-3">
      <p className="border-b border-line pb-1 text-soft">{title}</p>
      {changes.length === 0 ? <p className="text-faint">Nothing differs.</p> : <ChangeList changes={changes} />}
    </section>
  )
}
