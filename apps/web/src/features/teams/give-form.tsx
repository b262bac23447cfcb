'use client'

import type { Ownership, Team } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { type PagedId, usePages } from '../../api/use-pages.ts'
import { Checkbox } from '../../ui/checkbox.tsx'
import { Field } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { isOwnedKind, type OwnedKind, ownedKinds, useNamesOfOwned } from './owned-kinds.ts'
import { allTeams } from './queries.ts'

/** Gives something to a team, or shares what it has. */
export function GiveForm({ team, owned, onClose }: { team: Team; owned?: Ownership; onClose: () => void }) {
  const [kind, setKind] = useState<OwnedKind>(owned && isOwnedKind(owned.kind) ? owned.kind : 'agent')
  const [resource, setResource] = useState(owned?.resource ?? '')
  const [sharedWith, setSharedWith] = useState<readonly string[]>(owned?.sharedWith ?? [])
  const nameOf = useNamesOfOwned()
  const give = useAct('setOwner', {
    changes: ['listOwners'],
    done: (set) => (owned ? `${nameOf(set)} is shared anew` : `${nameOf(set)} belongs to ${team.name}`),
    onDone: onClose,
    quiet: true,
  })
  const choose = (next: OwnedKind) => {
    setKind(next)
    setResource('')
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={owned ? `Share ${nameOf(owned)}` : `Give something to ${team.name}`}
      action={owned ? 'Save' : 'Give'}
      busy={give.isPending}
      error={fieldErrors(give.error).rest()}
      onSubmit={() =>
        give.mutate({ params: { kind, resource }, body: { teamId: team.id, sharedWith: [...sharedWith] } })
      }
    >
      {!owned && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Kind">
            <Select value={kind} onChange={choose} options={ownedKinds.map((each) => ({ value: each, label: each }))} />
          </Field>
          <ResourceField kind={kind} value={resource} onChange={setResource} />
        </div>
      )}
      <ShareField team={team} sharedWith={sharedWith} onChange={setSharedWith} />
    </FormDialog>
  )
}

const all = { query: { limit: 200 } }

const lists = {
  agent: 'listAgents',
  connection: 'listConnections',
  secret: 'listSecrets',
  service: 'listServices',
  budget: 'listBudgets',
} as const satisfies Record<OwnedKind, PagedId>

/** What of a kind a team can own: of connections those that agents call. */
function useResources(kind: OwnedKind): { value: string; label: string }[] | undefined {
  const { items } = usePages(lists[kind], all)
  return items
    ?.filter((item) => !('secret' in item) || item.kind === 'http')
    .map((item) => ({ value: kind === 'budget' && 'id' in item ? item.id : item.name, label: item.name }))
}

function ResourceField({
  kind,
  value,
  onChange,
}: {
  kind: OwnedKind
  value: string
  onChange: (resource: string) => void
}) {
  const options = useResources(kind)
  const first = options?.length === 0 ? `There is no ${kind}` : `Choose ${kind === 'agent' ? 'an' : 'a'} ${kind}`
  return (
    <Field label="What">
      <Select value={value} onChange={onChange} required options={[{ value: '', label: first }, ...(options ?? [])]} />
    </Field>
  )
}

function ShareField({
  team,
  sharedWith,
  onChange,
}: {
  team: Team
  sharedWith: readonly string[]
  onChange: (teams: string[]) => void
}) {
  const teams = usePages('listTeams', allTeams)
  const others = teams.items?.filter(({ id }) => id !== team.id) ?? []
  if (others.length === 0) return null
  const set = (id: string, has: boolean) =>
    onChange(has ? [...sharedWith, id] : sharedWith.filter((each) => each !== id))
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1.5 font-medium">Teams that may use it, and not change it</legend>
      {others.map(({ id, name }) => (
        <Checkbox key={id} label={name} checked={sharedWith.includes(id)} onChange={(has) => set(id, has)} />
      ))}
    </fieldset>
  )
}
