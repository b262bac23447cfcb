'use client'

import type { Budget } from '@freehold/contracts'
import { useState } from 'react'
import { type PagedId, usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'

/** Which one a budget is for, where it can be for one alone. Without: each has the allowance of its own. */
export function ScopeIdField({ kind }: { kind: Budget['scope']['kind'] }) {
  const { can } = useSession()
  if (kind === 'agent' && can('agents:read')) return <OneOf list="listAgents" idOf={({ name }) => name} />
  if (kind === 'team' && can('teams:read')) return <OneOf list="listTeams" idOf={({ id }) => id} />
  if (kind === 'api_key' && can('keys:read')) return <OneOf list="listKeys" idOf={({ id }) => id} />
  if (kind === 'tenant' || kind === 'run') return null
  return (
    <Field label="Only for" hint="Leave it empty: each has the allowance of its own.">
      <Input name="scopeId" maxLength={200} />
    </Field>
  )
}

interface Named {
  id: string
  name: string
}

function OneOf({
  list,
  idOf,
}: {
  list: PagedId & ('listAgents' | 'listTeams' | 'listKeys')
  idOf: (item: Named) => string
}) {
  const [chosen, setChosen] = useState('')
  const { items = [] } = usePages(list, { query: { limit: 200 } })
  const named: Named[] = items.map((item) => ({ id: 'id' in item ? item.id : item.name, name: item.name }))
  return (
    <Field label="Only for">
      <Select
        value={chosen}
        onChange={setChosen}
        options={[
          { value: '', label: 'each of them' },
          ...named.map((item) => ({ value: idOf(item), label: item.name })),
        ]}
      />
      <input type="hidden" name="scopeId" value={chosen} />
    </Field>
  )
}
