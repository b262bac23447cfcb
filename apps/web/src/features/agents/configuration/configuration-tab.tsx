'use client'

import type { Agent } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../../api/use-api.ts'
import { useSession } from '../../../session/session.tsx'
import { Button } from '../../../ui/button.tsx'
import { Dialog } from '../../../ui/dialog.tsx'
import { type FieldErrors, fieldErrors } from '../../../ui/field-errors.ts'
import { ChangeList } from '../versions/change-list.tsx'
import { changesBetween } from '../versions/changes.ts'
import { ConfigFields, configFields } from './config-fields.tsx'
import { ConfigView } from './config-view.tsx'
import { type Draft, toConfig, toDraft } from './draft.ts'

interface ConfigurationTabProps {
  agent: Agent
  /** What was changed and not saved yet. It stays while other tabs are looked at. */
  draft: Draft | undefined
  onDraft: (draft: Draft | undefined) => void
}

export function ConfigurationTab({ agent, draft = toDraft(agent), onDraft }: ConfigurationTabProps) {
  const { can } = useSession()
  const [isReviewing, setReviewing] = useState(false)
  const save = useAct('createAgentVersion', {
    changes: ['getAgent', 'listAgents', 'listAgentVersions'],
    done: ({ version }) => `Version ${version} is saved. Try it, then release it.`,
    onDone: () => onDraft(undefined),
    quiet: true,
  })
  if (!can('agents:write')) return <ConfigView config={agent} />
  const errors = fieldErrors(save.error)
  const changes = changesBetween(agent, toConfig(draft))
  const submit = async () => {
    await save.mutateAsync({ params: { name: agent.name }, body: toConfig(draft) }).catch(() => undefined)
    setReviewing(false)
  }
  return (
    <div className="flex flex-col gap-4">
      <ConfigFields draft={draft} onChange={onDraft} errors={errors} />
      <SaveBar
        changed={changes.length}
        error={save.error}
        errors={errors}
        onDiscard={() => {
          save.reset()
          onDraft(undefined)
        }}
        onReview={() => setReviewing(true)}
      />
      <Dialog
        open={isReviewing}
        onOpenChange={setReviewing}
        title={`Save version ${agent.version + 1}?`}
        about="It serves nowhere until it is released. Versions never change, so you can always go back."
        className="max-w-4xl"
        footer={
          <>
            <Button onClick={() => setReviewing(false)}>Keep editing</Button>
            <Button kind="primary" busy={save.isPending} onClick={() => void submit()}>
              Save version {agent.version + 1}
            </Button>
          </>
        }
      >
        <ChangeList changes={changes} />
      </Dialog>
    </div>
  )
}

interface SaveBarProps {
  changed: number
  error: Error | null
  errors: FieldErrors
  onDiscard: () => void
  onReview: () => void
}

function SaveBar({ changed, error, errors, onDiscard, onReview }: SaveBarProps) {
  if (changed === 0) return null
  const rest = errors.rest(...configFields)
  return (
    <div className="sticky bottom-0 z-10 -mx-1 flex flex-wrap items-center justify-end gap-2 rounded-lg border border-line bg-raised px-4 py-3 shadow-float">
      <p role={error ? 'alert' : 'status'} className={error ? 'mr-auto text-bad' : 'mr-auto text-soft'}>
        {error
          ? (rest ?? 'Some fields need another value: see above.')
          : `${changed} unsaved ${changed === 1 ? 'change' : 'changes'}`}
      </p>
      <Button kind="quiet" onClick={onDiscard}>
        Discard
      </Button>
      <Button kind="primary" onClick={onReview}>
        Review changes
      </Button>
    </div>
  )
}
