'use client'

import dynamic from 'next/dynamic'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Spend } from './spend.tsx'

const BudgetsTab = dynamic(() => import('../budgets/budgets-tab.tsx').then((module) => module.BudgetsTab))

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
