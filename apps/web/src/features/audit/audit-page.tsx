'use client'

import { ScrollText } from 'lucide-react'
import { usePages } from '../../api/use-pages.ts'
import { useSearch } from '../../session/use-search.ts'
import { Button } from '../../ui/button.tsx'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { EntryItem } from './entry-item.tsx'
import { ExportAudit } from './export-audit.tsx'
import { filterNames, queryOfFilters } from './filters.ts'
import { useVerification, VerificationNotice } from './verification.tsx'

export function AuditPage() {
  const [search, setSearch] = useSearch()
  const query = queryOfFilters(search)
  const entries = usePages('listAudit', { query })
  const verification = useVerification()
  const isFiltered = Object.keys(query).length > 0
  const clear = () => setSearch(Object.fromEntries(filterNames.map((name) => [name, undefined])))
  const actions = (
    <>
      <Button busy={verification.isPending} onClick={() => verification.mutate({})}>
        Verify the chain
      </Button>
      <ExportAudit />
    </>
  )
  const empty = isFiltered ? (
    <EmptyState
      icon={<ScrollText />}
      title="No such changes"
      action={<Button onClick={clear}>Clear the filters</Button>}
    />
  ) : (
    <EmptyState icon={<ScrollText />} title="No changes yet">
      Whatever is changed in this tenant stands here: who did it, when, and what was before and after.
    </EmptyState>
  )
  return (
    <Page
      title="Audit"
      about="Who changed what. The entries are one chain: nobody changes or removes one without being found out."
      actions={actions}
    >
      {verification.data && <VerificationNotice result={verification.data} />}
      <AuditFilters search={search} onChange={setSearch} {...(isFiltered && { onClear: clear })} />
      <Paged list={entries} empty={empty}>
        {(items) => (
          <ol aria-label="Changes">
            {items.map((entry) => (
              <EntryItem key={entry.seq} entry={entry} onFilter={setSearch} />
            ))}
          </ol>
        )}
      </Paged>
    </Page>
  )
}
