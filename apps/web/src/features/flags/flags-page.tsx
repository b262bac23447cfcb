'use client'

import type { Environment, Flag } from '@freehold/contracts'
import { Flag as FlagIcon, Plus } from 'lucide-react'
import { useState } from 'react'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Button } from '../../ui/button.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { Select } from '../../ui/select.tsx'
import { environments } from '../agents/environments.ts'
import { FlagsTable } from './flags-table.tsx'

const FlagForm = onDemand(() => import('./flag-form.tsx').then((module) => module.FlagForm))

export function FlagsPage() {
  const { can } = useSession()
  const [search, setSearch] = useSearch()
  const environment: Environment = environments.find((each) => each === search.environment) ?? 'production'
  const [open, setOpen] = useState<Flag | 'new'>()
  const flags = usePages('listFlags', { query: { environment } })
  const create = can('flags:write') && (
    <Button kind="primary" onClick={() => setOpen('new')}>
      <Plus /> New flag
    </Button>
  )
  const actions = (
    <>
      <Select
        label="Environment"
        value={environment}
        onChange={(next) => setSearch({ environment: next })}
        options={environments.map((each) => ({ value: each, label: each }))}
      />
      {create}
    </>
  )
  const empty = (
    <EmptyState icon={<FlagIcon />} title={`No flags in ${environment} yet`} action={create}>
      A program asks for a flag by name and does what it says: for everybody, for a share of them, or by a rule. So a
      change can be tried with a few, and taken back at once.
    </EmptyState>
  )
  return (
    <Page title="Flags" about="What programs of an environment ask before they do something new." actions={actions}>
      <Paged list={flags} empty={empty}>
        {(items) => <FlagsTable flags={items} onEdit={setOpen} />}
      </Paged>
      {open && (
        <FlagForm
          environment={environment}
          {...(open !== 'new' && { flag: open })}
          onClose={() => setOpen(undefined)}
        />
      )}
    </Page>
  )
}
