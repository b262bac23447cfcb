'use client'

import type { Agent } from '@freehold/contracts'
import { Bot } from 'lucide-react'
import { useState } from 'react'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { ErrorNotice } from '../../ui/error-notice.tsx'
import { EmptyState } from '../../ui/page.tsx'
import { Select } from '../../ui/select.tsx'
import { ConversationHeader } from './conversation-header.tsx'
import { ConversationView } from './conversation-view.tsx'
import { useAgents, useLastAgent } from './use-agents.ts'

/** Who to talk to, and what one could say to begin with. */
export function NewConversation({ threadId }: { threadId: string }) {
  const [search] = useSearch()
  const [chosen, choose] = useState(search.agent)
  const agents = useAgents()
  const last = useLastAgent()
  const serving = agents.data?.items.filter(({ releases }) => releases.production !== null) ?? []
  const usual = last === undefined ? undefined : usualOf(serving, last)
  const agent = serving.find(({ name }) => name === chosen) ?? usual
  // It stays when another one is released: the conversation with it may have begun.
  if (agent && agent.name !== chosen) choose(agent.name)
  if (!agents.data && agents.error) return <ErrorNotice error={agents.error} retry={() => void agents.refetch()} />
  if (agents.data && serving.length === 0) return <NoAgent />
  return (
    <ConversationView threadId={threadId} agent={agent?.name} hasBegun={false}>
      {(ask) => agent && <Welcome agent={agent} agents={serving} choose={choose} ask={ask} />}
    </ConversationView>
  )
}

/** The one that was talked to last, or else the one that is there for anything. */
function usualOf(agents: readonly Agent[], last: string | null): Agent | undefined {
  const called = (wanted: string | null) => agents.find(({ name }) => name === wanted)
  return called(last) ?? called('assistant') ?? agents[0]
}

function NoAgent() {
  const { can, path } = useSession()
  const action = can('agents:write') && (
    <ButtonLink kind="primary" href={path('/agents')}>
      Make an agent
    </ButtonLink>
  )
  return (
    <>
      <ConversationHeader title="New conversation" />
      <div className="grid grow place-items-center">
        <EmptyState icon={<Bot />} title="No agent to talk to yet" action={action}>
          An agent answers here once one of its versions is released to production.
        </EmptyState>
      </div>
    </>
  )
}

interface WelcomeProps {
  agent: Agent
  agents: readonly Agent[]
  choose: (name: string) => void
  ask: ((text: string) => void) | undefined
}

function Welcome({ agent, agents, choose, ask }: WelcomeProps) {
  return (
    <div className="m-auto flex w-full max-w-xl flex-col items-center gap-4 px-4 py-10 text-center">
      <div className="grid size-11 place-items-center rounded-full bg-accent-soft text-accent">
        <Bot className="size-5" aria-hidden />
      </div>
      <div>
        <p className="text-lg font-semibold tracking-tight">Talk to {agent.name}</p>
        <p className="mt-1 text-soft">
          {agent.description || 'It answers with its model and its tools. Whatever it does is kept as a run.'}
        </p>
      </div>
      {agents.length > 1 && (
        <Select
          label="Agent"
          value={agent.name}
          options={agents.map(({ name }) => ({ value: name, label: name }))}
          onChange={choose}
        />
      )}
      {ask && (
        <ul aria-label="To begin with" className="flex flex-wrap justify-center gap-2">
          {suggestionsFor(agent).map((text) => (
            <li key={text}>
              <Button size="small" onClick={() => ask(text)}>
                {text}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

const byTool: Record<string, string> = {
  calculate: 'What is 17% of 2340?',
  current_time: 'What time is it in Tokyo?',
  http_request: 'Fetch https://example.com and tell me what it is',
}

function suggestionsFor({ tools }: Agent): string[] {
  return [...tools.flatMap((tool) => byTool[tool] ?? []).slice(0, 3), 'What can you do for me?']
}
