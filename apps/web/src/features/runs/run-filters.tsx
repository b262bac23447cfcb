'use client'

import { runStatuses } from '@freehold/contracts/browser'
import { X } from 'lucide-react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Button } from '../../ui/button.tsx'
import { DayInput } from '../../ui/day-input.tsx'
import { Select } from '../../ui/select.tsx'
import { memberActor, memberName } from '../people/member-name.ts'
import { membersQuery } from '../people/members-query.ts'
import { momentsOf, ranges } from './run-range.ts'
import { statusLabel } from './run-status.tsx'

const notEnded = 'queued,running,waiting'
const statuses = [
  { value: 'any', label: 'Any status' },
  { value: notEnded, label: 'Not ended' },
  ...runStatuses.map((each) => ({ value: each, label: statusLabel(each) })),
]
const costs = [
  { value: 'any', label: 'Any cost' },
  ...[0.001, 0.01, 0.1, 1, 10].map((dollars) => ({ value: String(dollars), label: `$${dollars} or more` })),
]
const names = ['agent', 'status', 'startedBy', 'user', 'minCost', 'range', 'from', 'to'] as const

/** The filters of the address as the API takes them, and what takes them away, if there are any. */
export function useRunFilters() {
  const [search, setSearch] = useSearch()
  const { agent, status, startedBy, user, minCost } = search
  const dollars = Number(minCost)
  const query = {
    ...(agent && { agent }),
    ...(status && statuses.some(({ value }) => value === status) && { status }),
    ...(startedBy && { startedBy }),
    ...(user && { user }),
    ...(dollars > 0 && { minCostNanos: Math.round(dollars * 1e9) }),
    ...momentsOf(search),
  }
  const clear = () => setSearch(Object.fromEntries(names.map((name) => [name, undefined])))
  return { query, clear: names.some((name) => search[name]) ? clear : undefined }
}

export function RunFilters({ clear }: { clear: (() => void) | undefined }) {
  const [search, setSearch] = useSearch()
  const set = (name: string) => (value: string) => setSearch({ [name]: value === 'any' ? undefined : value })
  const select = (name: 'agent' | 'status' | 'startedBy' | 'minCost' | 'range', label: string, options: Option[]) => (
    <Select
      label={label}
      value={search[name] ?? 'any'}
      options={withValue(options, search[name])}
      onChange={set(name)}
      className="max-w-44 grow sm:grow-0"
    />
  )
  return (
    <search className="flex flex-wrap items-center gap-2">
      {select('agent', 'Agent', useAgents())}
      {select('status', 'Status', statuses)}
      {select('startedBy', 'Started by', usePeople())}
      {select('minCost', 'Cost', costs)}
      {select('range', 'Time', [...ranges])}
      {search.range === 'custom' && (
        <span className="flex items-center gap-2">
          <DayInput aria-label="From" value={search.from ?? ''} onChange={set('from')} className="w-36!" />
          <DayInput aria-label="To" value={search.to ?? ''} onChange={set('to')} className="w-36!" />
        </span>
      )}
      {search.user && (
        <Button onClick={() => setSearch({ user: undefined })} aria-label={`For ${search.user}: take the filter away`}>
          For {search.user} <X />
        </Button>
      )}
      {clear && (
        <Button kind="quiet" onClick={clear}>
          Clear
        </Button>
      )}
    </search>
  )
}

interface Option {
  value: string
  label: string
}

/** Whatever stands in the address can be seen to be chosen. */
function withValue(options: Option[], value: string | undefined): Option[] {
  if (value === undefined || options.some((option) => option.value === value)) return options
  return [...options, { value, label: value }]
}

function useAgents(): Option[] {
  const { can } = useSession()
  const agents = useApi('listAgents', { query: { limit: 100 } }, { enabled: can('agents:read') })
  const options = agents.data?.items.map(({ name }) => ({ value: name, label: name })) ?? []
  return [{ value: 'any', label: 'Any agent' }, ...options]
}

function usePeople(): Option[] {
  const { can, me } = useSession()
  const members = useApi('listMembers', membersQuery, { enabled: can('members:read') })
  const own = `${me.actor.kind}:${me.actor.id}`
  const others = (members.data?.items ?? []).map((member) => ({
    value: memberActor(member),
    label: memberName(member),
  }))
  return [
    { value: 'any', label: 'Anyone' },
    { value: own, label: 'Me' },
    ...others.filter(({ value }) => value !== own),
  ]
}
