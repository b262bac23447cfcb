'use client'

import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { ListSkeleton } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Spend } from './spend.tsx'

const BudgetsTab = onDemand(
  () => import('../budgets/budgets-tab.tsx').then((module) => module.BudgetsTab),
  () => <ListSkeleton />,
)

export function UsagePage() {
  const { can } = useSession()
  const [search, setSearch] = useSearch()
  const tabs = [
    { value: 'spend', label: 'Spend', content: <Spend /> },
    ...(can('budgets:read') ? [{ value: 'budgets', label: 'Budgets', content: <BudgetsTab /> }] : []),
  ]
  const chosen = tabs.find(({ value }) => value === search.tab) ?? tabs[0]
  return (
    <Page title="Usage and budgets" about="What models were asked and what it cost, and how much it may cost.">
      <Tabs
        tabs={tabs}
        value={chosen?.value ?? 'spend'}
        onChange={(tab) => setSearch({ tab: tab === 'spend' ? undefined : tab })}
      />
    </Page>
  )
}
