'use client'

import type { Environment } from '@freehold/contracts'
import { usePages } from '../../api/use-pages.ts'
import { Field, Input } from '../../ui/field.tsx'
import { Select } from '../../ui/select.tsx'
import type { DraftedUpstream } from './draft.ts'

interface UpstreamFieldProps {
  environment: Environment
  upstream: DraftedUpstream
  onChange: (upstream: DraftedUpstream) => void
}

const kinds = [
  { value: 'none', label: 'nowhere' },
  { value: 'http', label: 'to an HTTP server' },
  { value: 'mcp', label: 'to an MCP server' },
  { value: 'agent', label: 'to an agent' },
] as const

const all = { query: { limit: 200 } }

/** Where the calls of an environment go. */
export function UpstreamField({ environment, upstream, onChange }: UpstreamFieldProps) {
  const set = (changed: Partial<DraftedUpstream>) => onChange({ ...upstream, ...changed })
  const { kind } = upstream
  return (
    <div className="grid gap-3 sm:grid-cols-[12rem_minmax(0,1fr)]">
      <Field label={`Calls in ${environment} go`}>
        <Select value={kind} onChange={(next) => set({ kind: next })} options={kinds} />
      </Field>
      {kind === 'agent' && <AgentField value={upstream.agent} onChange={(agent) => set({ agent })} />}
      {(kind === 'http' || kind === 'mcp') && (
        <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_10rem]">
          <Field label={`Address in ${environment}`}>
            <Input
              type="url"
              required
              value={upstream.url}
              placeholder="https://orders.example.com"
              onChange={(event) => set({ url: event.target.value })}
            />
          </Field>
          <ConnectionField value={upstream.connection} onChange={(connection) => set({ connection })} />
        </div>
      )}
    </div>
  )
}

interface ChoiceProps {
  value: string
  onChange: (value: string) => void
}

function AgentField({ value, onChange }: ChoiceProps) {
  const agents = usePages('listAgents', all)
  const names = agents.items?.map(({ name }) => ({ value: name, label: name })) ?? []
  return (
    <Field label="Agent">
      <Select value={value} onChange={onChange} required options={[{ value: '', label: 'Choose one' }, ...names]} />
    </Field>
  )
}

function ConnectionField({ value, onChange }: ChoiceProps) {
  const connections = usePages('listConnections', all)
  const names = connections.items?.filter(({ kind }) => kind === 'http').map(({ name }) => name) ?? []
  const known = value === '' || names.includes(value) ? names : [value, ...names]
  return (
    <Field label="Connection">
      <Select
        value={value}
        onChange={onChange}
        options={[{ value: '', label: 'none' }, ...known.map((name) => ({ value: name, label: name }))]}
      />
    </Field>
  )
}
