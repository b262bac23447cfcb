'use client'

import type { AgentSample } from '@freehold/contracts'
import { Bot, PencilLine } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { ButtonLink } from '../../ui/button.tsx'
import { Answered, ListSkeleton } from '../../ui/listing.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'

// Not before the page can keep what is typed into it.
const NewAgentForm = onDemand(
  () => import('./new-agent-form.tsx').then((module) => module.NewAgentForm),
  () => <ListSkeleton />,
)

const scratch = 'scratch'

/** First what to begin with, then what to make of it. The address says which sample was chosen. */
export function NewAgentPage() {
  const { can, path } = useSession()
  const [search] = useSearch()
  const samples = useApi('listAgentSamples')
  if (!can('agents:write')) {
    return (
      <Page title="New agent">
        <EmptyState
          icon={<Bot />}
          title="You may not make agents here"
          action={<ButtonLink href={path('/agents')}>See the agents</ButtonLink>}
        >
          Who has the role builder, admin or owner may. Ask one of them.
        </EmptyState>
      </Page>
    )
  }
  return (
    <Page
      title="New agent"
      about={search.sample ? undefined : 'Begin with a sample and make it yours, or write your own.'}
    >
      <Answered answer={samples}>
        {({ items }) => {
          const sample = items.find(({ name }) => name === search.sample)
          return sample || search.sample === scratch ? <NewAgentForm sample={sample} /> : <Catalogue samples={items} />
        }}
      </Answered>
    </Page>
  )
}

const needs: Record<AgentSample['needs'][number], string> = {
  model_provider: 'a real model',
  public_web: 'the public web',
  other_agents: 'other agents',
  approver: 'somebody who approves',
}

function Catalogue({ samples }: { samples: readonly AgentSample[] }) {
  return (
    <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
      {samples.map((sample) => (
        <Choice
          key={sample.name}
          name={sample.name}
          icon={<Bot />}
          title={sample.title}
          about={sample.config.description}
        >
          <p className="mt-auto pt-1 text-xs text-faint">
            {[...sample.config.tools, ...(sample.config.tools.length === 0 ? ['no tools'] : [])].join(', ')}
            {sample.needs.length > 0 && `; needs ${sample.needs.map((need) => needs[need]).join(', ')}`}
          </p>
        </Choice>
      ))}
      <Choice
        name={scratch}
        icon={<PencilLine />}
        title="From scratch"
        about="An empty prompt, no tools, the platform’s default model."
      />
    </ul>
  )
}

interface ChoiceProps {
  name: string
  icon: ReactNode
  title: string
  about: string
  children?: ReactNode
}

function Choice({ name, icon, title, about, children }: ChoiceProps) {
  const { path } = useSession()
  return (
    <li className="relative flex flex-col gap-2 rounded-lg border border-line bg-surface p-4 hover:border-line-strong">
      <span className="grid size-8 place-items-center rounded-md bg-accent-soft text-accent [&_svg]:size-4">
        {icon}
      </span>
      <h2 className="font-medium">
        <Link href={`${path('/agents/new')}?sample=${name}`} className="after:absolute after:inset-0 after:rounded-lg">
          {title}
        </Link>
      </h2>
      <p className="text-soft">{about}</p>
      {children}
    </li>
  )
}
