'use client'

import { auditActions } from '@freehold/contracts/browser'
import { useEffect, useRef, useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { Button } from '../../ui/button.tsx'
import { DayInput } from '../../ui/day-input.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import { memberActor, memberName } from '../people/member-name.ts'
import { membersQuery } from '../people/members-query.ts'
import type { Filters } from './filters.ts'

interface AuditFiltersProps {
  search: Filters
  onChange: (change: Filters) => void
  onClear?: () => void
}

const actions = [
  { value: '', label: 'anything' },
  ...[...auditActions].sort().map((action) => ({ value: action as string, label: action })),
]

export function AuditFilters({ search, onChange, onClear }: AuditFiltersProps) {
  return (
    <search className="flex flex-wrap items-end gap-3">
      <ActorFilter value={search.actor ?? ''} onChange={(actor) => onChange({ actor })} />
      <Field label="What was done">
        <Select value={search.action ?? ''} options={actions} onChange={(action) => onChange({ action })} />
      </Field>
      <SubjectFilter value={search.subject ?? ''} onChange={(subject) => onChange({ subject })} />
      {(['from', 'to'] as const).map((name) => (
        <Field key={name} label={name === 'from' ? 'From' : 'To'}>
          <DayInput value={search[name] ?? ''} onChange={(day) => onChange({ [name]: day })} className="w-38!" />
        </Field>
      ))}
      {onClear && (
        <Button kind="quiet" onClick={onClear}>
          Clear
        </Button>
      )}
    </search>
  )
}

interface FilterProps {
  value: string
  onChange: (value: string) => void
}

function ActorFilter({ value, onChange }: FilterProps) {
  const members = usePages('listMembers', membersQuery)
  const keys = usePages('listKeys', { query: { limit: 200 } })
  const known = [
    ...(members.items ?? []).map((member) => ({ value: memberActor(member), label: memberName(member) })),
    ...(keys.items ?? []).map(({ id, name }) => ({ value: `api_key:${id}`, label: `key ${name}` })),
  ]
  const isKnown = value === '' || known.some((each) => each.value === value)
  return (
    <Field label="Who">
      <Select
        value={value}
        onChange={onChange}
        options={[{ value: '', label: 'anybody' }, ...(isKnown ? [] : [{ value, label: value }]), ...known]}
        className="max-w-56"
      />
    </Field>
  )
}

const typedForMs = 400

/** Asks once the typing has paused. */
function SubjectFilter({ value, onChange }: FilterProps) {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what is typed is sent
  useEffect(() => {
    if (text === sent.current) return
    const timer = setTimeout(() => {
      sent.current = text
      onChange(text)
    }, typedForMs)
    return () => clearTimeout(timer)
  }, [text])
  useEffect(() => {
    // What comes from elsewhere replaces it; what was sent from here comes back while the typing may go on.
    if (value === sent.current) return
    sent.current = value
    setText(value)
  }, [value])
  return (
    <Field label="To what">
      <Input
        type="search"
        value={text}
        placeholder="a name or an id"
        onChange={(event) => setText(event.target.value)}
        className="w-48!"
      />
    </Field>
  )
}
