'use client'

import type { Agent } from '@freehold/contracts'
import Link from 'next/link'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Answered, ListSkeleton } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { Page } from '../../ui/page.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useDraft } from './configuration/use-draft.ts'
import { useConversation } from './playground/use-conversation.ts'

// A tab loads when it is opened, and not before the page can keep what is typed into it.
const loading = () => <ListSkeleton />
const ConfigurationTab = onDemand(
  () => import('./configuration/configuration-tab.tsx').then((module) => module.ConfigurationTab),
  loading,
)
const VersionsTab = onDemand(() => import('./versions/versions-tab.tsx').then((module) => module.VersionsTab), loading)
const PlaygroundTab = onDemand(
  () => import('./playground/playground-tab.tsx').then((module) => module.PlaygroundTab),
  loading,
)
const ReleasesTab = onDemand(() => import('./releases/releases-tab.tsx').then((module) => module.ReleasesTab), loading)

export function AgentPage({ name }: { name: string }) {
  const { path } = useSession()
  const agent = useApi('getAgent', { params: { name } })
  return (
    <Page
      title={
        <>
          <Link href={path('/agents')} className="font-normal text-faint hover:text-ink">
            Agents
          </Link>
          <span className="mx-1.5 font-normal text-faint">/</span>
          {name}
        </>
      }
      about={agent.data?.description}
    >
      <Answered answer={agent}>{(found) => <AgentTabs agent={found} />}</Answered>
    </Page>
  )
}

function AgentTabs({ agent }: { agent: Agent }) {
  const { can } = useSession()
  const [search, setSearch] = useSearch()
  // What was changed or said stays while another tab is looked at.
  const { unsaved, keep } = useDraft(agent.name)
  const conversation = useConversation(agent.name, can('agents:write'))
  const tabs = [
    {
      value: 'configuration',
      label: unsaved ? 'Configuration •' : 'Configuration',
      content: <ConfigurationTab agent={agent} unsaved={unsaved} onChange={keep} />,
    },
    { value: 'versions', label: 'Versions', content: <VersionsTab agent={agent} /> },
    ...(can('runs:start')
      ? [
          {
            value: 'playground',
            label: 'Playground',
            content: <PlaygroundTab agent={agent} conversation={conversation} isEdited={unsaved !== undefined} />,
          },
        ]
      : []),
    { value: 'releases', label: 'Releases', content: <ReleasesTab agent={agent} /> },
  ]
  const chosen = tabs.find(({ value }) => value === search.tab) ?? tabs[0]
  return (
    <Tabs
      tabs={tabs}
      value={chosen?.value ?? ''}
      onChange={(tab) => setSearch({ tab, from: undefined, to: undefined, message: undefined })}
    />
  )
}
