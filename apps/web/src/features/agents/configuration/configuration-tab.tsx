'use client'

import type { Agent } from '@freehold/contracts'
import { FreeholdError } from '@freehold/contracts/browser'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { keyOf, queryOf } from '../../../api/queries.ts'
import { useAct } from '../../../api/use-api.ts'
import { useSession } from '../../../session/session.tsx'
import { Button } from '../../../ui/button.tsx'
import { type FieldErrors, fieldErrors } from '../../../ui/field-errors.ts'
import { ListSkeleton } from '../../../ui/listing.tsx'
import { onDemand } from '../../../ui/on-demand.ts'
import { changesBetween } from '../versions/changes.ts'
import { ConfigFields, configFields } from './config-fields.tsx'
import { type Draft, toConfig, toDraft } from './draft.ts'
import type { Unsaved } from './use-draft.ts'

const ConfigView = onDemand(
  () => import('./config-view.tsx').then((module) => module.ConfigView),
  () => <ListSkeleton />,
)
const ReviewDialog = onDemand(() => import('./review-dialog.tsx').then((module) => module.ReviewDialog))

interface ConfigurationTabProps {
  agent: Agent
  unsaved: Unsaved | undefined
  onChange: (unsaved: Unsaved | undefined) => void
}

export function ConfigurationTab({ agent, unsaved, onChange }: ConfigurationTabProps) {
  const { can } = useSession()
  const [isReviewing, setReviewing] = useState(false)
  const readAgain = useReadAgain()
  const save = useSave(agent, () => onChange(undefined))
  if (!can('agents:write')) return <ConfigView config={agent} />
  const { draft, base } = unsaved ?? { draft: toDraft(agent), base: agent }
  const errors = fieldErrors(save.error)
  const giveUp = () => {
    save.reset()
    setReviewing(false)
    onChange(undefined)
  }
  const submit = async (config: Draft) => {
    const body = { ...toConfig(config), basedOn: agent.version }
    const error = await save.mutateAsync({ params: { name: agent.name }, body }).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (isConflict(error)) await readAgain()
    else setReviewing(false)
  }
  return (
    <div className="flex flex-col gap-4">
      <ConfigFields
        draft={draft}
        onChange={(changed) => onChange(isAlike(changed, toDraft(base)) ? undefined : { draft: changed, base })}
        errors={errors}
      />
      <SaveBar
        changed={changesBetween(base, toConfig(draft)).length}
        newer={agent.version === base.version ? undefined : agent.version}
        error={isConflict(save.error) && agent.version !== base.version ? null : save.error}
        errors={errors}
        onDiscard={giveUp}
        onReview={() => {
          void readAgain()
          setReviewing(true)
        }}
      />
      {isReviewing && unsaved && (
        <ReviewDialog
          agent={agent}
          unsaved={unsaved}
          busy={save.isPending}
          onClose={() => setReviewing(false)}
          onTakeOver={giveUp}
          onSave={(config) => void submit(config)}
        />
      )}
    </div>
  )
}

function useReadAgain() {
  const { tenant } = useSession()
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ queryKey: keyOf(tenant, 'getAgent') })
}

function useSave(agent: Agent, onDone: () => void) {
  const { client, tenant } = useSession()
  const queries = useQueryClient()
  return useAct('createAgentVersion', {
    changes: ['getAgent', 'listAgents', 'listAgentVersions'],
    done: ({ version }) => `Version ${version} is saved. Try it, then release it.`,
    onDone: (saved) => {
      // What is typed from now on begins from it.
      const { queryKey } = queryOf(client, tenant, 'getAgent', { params: { name: agent.name } })
      queries.setQueryData(queryKey, { ...agent, ...saved })
      onDone()
    },
    quiet: true,
  })
}

const isConflict = (error: unknown): boolean => error instanceof FreeholdError && error.code === 'conflict'

const isAlike = (one: Draft, other: Draft): boolean => JSON.stringify(one) === JSON.stringify(other)

interface SaveBarProps {
  changed: number
  /** The version that was saved since the draft began. */
  newer: number | undefined
  error: Error | null
  errors: FieldErrors
  onDiscard: () => void
  onReview: () => void
}

function SaveBar({ changed, newer, error, errors, onDiscard, onReview }: SaveBarProps) {
  if (changed === 0 && newer === undefined) return null
  const rest = errors.rest(...configFields)
  return (
    <div className="sticky bottom-0 z-10 -mx-1 flex flex-wrap items-center justify-end gap-2 rounded-lg border border-line bg-raised px-4 py-3 shadow-float">
      <p role={error ? 'alert' : 'status'} className={error ? 'mr-auto text-bad' : 'mr-auto text-soft'}>
        {error
          ? (rest ?? 'Some fields need another value: see above.')
          : `${changed} unsaved ${changed === 1 ? 'change' : 'changes'}`}
        {newer !== undefined && <span className="block text-warn">Changed meanwhile by version {newer}.</span>}
      </p>
      <Button kind="quiet" onClick={onDiscard}>
        Discard
      </Button>
      <Button kind="primary" onClick={onReview}>
        {newer === undefined ? 'Review changes' : 'Compare'}
      </Button>
    </div>
  )
}
