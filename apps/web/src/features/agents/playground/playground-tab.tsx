'use client'

import type { Agent } from '@freehold/contracts'
import { MessageSquarePlus, SendHorizontal, Square } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import { usePages } from '../../../api/use-pages.ts'
import { useSession } from '../../../session/session.tsx'
import { useSearch } from '../../../session/use-search.ts'
import { Button } from '../../../ui/button.tsx'
import { TextArea } from '../../../ui/field.tsx'
import { Card, EmptyState } from '../../../ui/page.tsx'
import { Select } from '../../../ui/select.tsx'
import { TurnView } from './turn-view.tsx'
import type { Conversation } from './use-conversation.ts'

interface PlaygroundTabProps {
  agent: Agent
  conversation: Conversation
  isEdited: boolean
}

/** Talks to a version that is released nowhere yet, or, without the right to, to what serves in development. */
export function PlaygroundTab({ agent, conversation, isEdited }: PlaygroundTabProps) {
  const { can } = useSession()
  const [search, setSearch] = useSearch()
  const triesVersions = can('agents:write')
  const served = agent.releases.development ?? agent.version
  const version = triesVersions ? Number(search.version) || agent.version : served
  const { turns, isBusy } = conversation
  return (
    <Card
      title="Playground"
      actions={
        <div className="flex items-center gap-2">
          {triesVersions ? (
            <VersionSelect agent={agent} version={version} onChange={(next) => setSearch({ version: next })} />
          ) : (
            <span className="text-soft">v{version}, as in development</span>
          )}
          <Button
            kind="quiet"
            size="small-icon"
            aria-label="New conversation"
            title="New conversation"
            disabled={turns.length === 0}
            onClick={conversation.clear}
          >
            <MessageSquarePlus />
          </Button>
        </div>
      }
    >
      <div className="flex min-h-96 flex-col">
        {turns.length === 0 ? (
          <EmptyState title={`Try version ${version}`}>
            It works in development with its own tools, budgets and approvals, and nobody else is served by it.
            {isEdited && ' Your unsaved changes are not part of it: save them as a version first.'}
          </EmptyState>
        ) : (
          <ol aria-live="polite" className="flex flex-col gap-6 p-4">
            {turns.map((turn) => (
              <li key={turn.id}>
                <TurnView turn={turn} />
              </li>
            ))}
          </ol>
        )}
        <Composer
          first={search.message ?? ''}
          isBusy={isBusy}
          onSend={(message) => void conversation.send(message, version)}
          onStop={can('runs:control') ? () => void conversation.stop() : undefined}
        />
      </div>
    </Card>
  )
}

interface VersionSelectProps {
  agent: Agent
  version: number
  onChange: (version: string) => void
}

function VersionSelect({ agent, version, onChange }: VersionSelectProps) {
  const versions = usePages('listAgentVersions', { params: { name: agent.name } })
  const known = versions.items?.map((each) => each.version) ?? []
  const all = [...new Set([agent.version, ...known, version])].sort((one, other) => other - one)
  return (
    <Select
      label="Version to try"
      value={String(version)}
      options={all.map((each) => ({
        value: String(each),
        label: each === agent.version ? `v${each}, the newest` : `v${each}`,
      }))}
      onChange={onChange}
    />
  )
}

interface ComposerProps {
  /** What stands there at first. */
  first: string
  isBusy: boolean
  onSend: (message: string) => void
  onStop: (() => void) | undefined
}

function Composer({ first, isBusy, onSend, onStop }: ComposerProps) {
  const [message, setMessage] = useState(first)
  const end = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (isBusy) end.current?.scrollIntoView({ block: 'nearest' })
  }, [isBusy])
  const send = () => {
    if (isBusy || message.trim() === '') return
    onSend(message)
    setMessage('')
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  return (
    <form ref={end} onSubmit={submit} className="mt-auto flex items-end gap-2 border-t border-line p-3">
      <TextArea
        aria-label="Message"
        value={message}
        onChange={(event) => setMessage(event.target.value)}
        onKeyDown={onKeyDown}
        rows={2}
        placeholder="What the agent is to do. Enter sends, Shift+Enter begins a new line."
      />
      {isBusy && onStop ? (
        <Button onClick={onStop}>
          <Square /> Stop
        </Button>
      ) : (
        <Button type="submit" kind="primary" busy={isBusy} disabled={message.trim() === ''}>
          <SendHorizontal /> Send
        </Button>
      )}
    </form>
  )
}
