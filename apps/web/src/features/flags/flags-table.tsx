'use client'

import type { Flag } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { RowActions } from '../../ui/row-actions.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { definitionOf } from './draft.ts'

const TryFlag = onDemand(() => import('./try-flag.tsx').then((module) => module.TryFlag))

interface FlagsTableProps {
  flags: readonly Flag[]
  onEdit: (flag: Flag) => void
}

export function FlagsTable({ flags, onEdit }: FlagsTableProps) {
  const [tried, setTried] = useState<Flag>()
  const columns: Column<Flag>[] = [
    {
      key: 'name',
      title: 'Flag',
      className: 'max-w-72',
      cell: ({ name, description }) => (
        <>
          <span className="block font-medium break-words">{name}</span>
          {description !== '' && <span className="block text-xs break-words text-faint">{description}</span>}
        </>
      ),
    },
    { key: 'state', title: 'State', cell: (flag) => <Switch flag={flag} /> },
    { key: 'says', title: 'Says', wide: true, className: 'max-w-72', cell: (flag) => <Says flag={flag} /> },
    { key: 'type', title: 'Type', wide: true, cell: ({ type }) => type },
    { key: 'changed', title: 'Changed', right: true, wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (flag) => (
        <span className="inline-flex items-center gap-1">
          <Button size="small" aria-label={`Try ${flag.name}`} onClick={() => setTried(flag)}>
            Try
          </Button>
          <Actions flag={flag} onEdit={() => onEdit(flag)} />
        </span>
      ),
    },
  ]
  return (
    <>
      <Table label="Flags" columns={columns} rows={flags} rowKey={({ name }) => name} />
      {tried && <TryFlag flag={tried} onClose={() => setTried(undefined)} />}
    </>
  )
}

/** On or off, for who may change it as a switch. */
function Switch({ flag }: { flag: Flag }) {
  const { can } = useSession()
  const { name, environment, enabled } = flag
  const put = useAct('putFlag', {
    changes: ['listFlags'],
    done: (after) => `${name} is ${after.enabled ? 'on' : 'off'} in ${environment}`,
  })
  if (!can('flags:write')) return enabled ? <Badge tone="good">on</Badge> : <Badge>off</Badge>
  const of = { params: { name }, query: { environment } }
  const toggle = () =>
    put.mutate(async (client) => ({ ...of, body: { ...definitionOf(await client.getFlag(of)), enabled: !enabled } }))
  return (
    <button
      type="button"
      role="switch"
      aria-checked={enabled}
      aria-label={`${name} is on`}
      aria-busy={put.isPending}
      onClick={toggle}
      className="relative h-5 w-9 rounded-full border border-line-strong bg-sunken transition-colors aria-busy:opacity-60 aria-checked:border-brand aria-checked:bg-brand"
    >
      <span
        aria-hidden
        className={`absolute top-0.5 left-0.5 size-3.5 rounded-full transition-transform ${enabled ? 'translate-x-4 bg-on-brand' : 'bg-line-strong'}`}
      />
    </button>
  )
}

function Says({ flag: { serve, rules, variants } }: { flag: Flag }) {
  const shares = serve.filter(({ percent }) => percent > 0)
  const describe = (variant: string) => {
    const value = variants[variant]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : variant
  }
  return (
    <>
      <span className="block truncate">
        {shares
          .map(({ variant, percent }) =>
            percent === 100 ? describe(variant) : `${describe(variant)} for ${percent} %`,
          )
          .join(', ')}
      </span>
      {rules.length > 0 && (
        <span className="block text-xs text-faint">
          {rules.length === 1 ? 'after one rule' : `after ${rules.length} rules`}
        </span>
      )}
    </>
  )
}

function Actions({ flag: { name, environment }, onEdit }: { flag: Flag; onEdit: () => void }) {
  const { can } = useSession()
  const remove = useAct('deleteFlag', { changes: ['listFlags'], done: `The flag ${name} is deleted in ${environment}` })
  const mayWrite = can('flags:write')
  return (
    <RowActions
      of={name}
      actions={[
        mayWrite && { label: 'Change…', onSelect: onEdit },
        mayWrite && {
          label: 'Delete',
          danger: true,
          question: {
            title: `Delete ${name} in ${environment}?`,
            about: 'Programs there fall back to what they do without it. This can’t be undone.',
            action: 'Delete flag',
            onConfirm: () => remove.mutateAsync({ params: { name }, query: { environment } }),
          },
        },
      ]}
    />
  )
}
