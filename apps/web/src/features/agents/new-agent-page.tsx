'use client'

import { Bot, PencilLine } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type ReactNode, useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { useSearch } from '../../session/use-search.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Card, EmptyState, Page } from '../../ui/page.tsx'
import { ConfigFields } from './configuration/config-fields.tsx'
import { emptyDraft, toConfig, toDraft } from './configuration/draft.ts'
import { type AgentSample, agentSamples } from './samples.ts'

const scratch = 'scratch'

/** First what to begin with, then what to make of it. The address says which sample was chosen. */
export function NewAgentPage() {
  const { can, path } = useSession()
  const [search, setSearch] = useSearch()
  const sample = agentSamples.find(({ name }) => name === search.sample)
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
      {sample || search.sample === scratch ? (
        <AgentForm sample={sample} onBack={() => setSearch({ sample: undefined })} />
      ) : (
        <Catalogue onChoose={(name) => setSearch({ sample: name })} />
      )}
    </Page>
  )
}

function Catalogue({ onChoose }: { onChoose: (name: string) => void }) {
  return (
    <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
      {agentSamples.map(({ name, title, about, config }) => (
        <Choice key={name} icon={<Bot />} title={title} about={about} onChoose={() => onChoose(name)}>
          {config.tools.map((tool) => (
            <Badge key={tool}>{tool}</Badge>
          ))}
        </Choice>
      ))}
      <Choice
        icon={<PencilLine />}
        title="From scratch"
        about="An empty prompt, no tools, the platform’s default model."
        onChoose={() => onChoose(scratch)}
      />
    </ul>
  )
}

interface ChoiceProps {
  icon: ReactNode
  title: string
  about: string
  onChoose: () => void
  children?: ReactNode
}

function Choice({ icon, title, about, onChoose, children }: ChoiceProps) {
  return (
    <li className="relative flex flex-col gap-2 rounded-lg border border-line bg-surface p-4 hover:border-line-strong">
      <span className="grid size-8 place-items-center rounded-md bg-accent-soft text-accent [&_svg]:size-4">
        {icon}
      </span>
      <h2 className="font-medium">
        <button type="button" onClick={onChoose} className="after:absolute after:inset-0 after:rounded-lg">
          {title}
        </button>
      </h2>
      <p className="text-soft">{about}</p>
      {children && <div className="mt-auto flex flex-wrap gap-1 pt-1">{children}</div>}
    </li>
  )
}

function AgentForm({ sample, onBack }: { sample: AgentSample | undefined; onBack: () => void }) {
  const { path } = useSession()
  const router = useRouter()
  const [name, setName] = useState(sample?.name ?? '')
  const [draft, setDraft] = useState(sample ? toDraft(sample.config) : emptyDraft)
  const create = useAct('createAgent', {
    changes: ['listAgents'],
    done: (agent) => `The agent ${agent.name} is made`,
    onDone: (agent) => router.push(path(`/agents/${agent.name}`)),
    quiet: true,
  })
  const errors = fieldErrors(create.error)
  const rest = errors.rest(
    'name',
    'description',
    'prompts',
    'model',
    'fallbackModels',
    'program',
    'tools',
    'approvals',
    'limits',
  )
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(event) => {
        event.preventDefault()
        create.mutate({ body: { name, ...toConfig(draft) } })
      }}
    >
      <Card>
        <div className="p-4">
          <Field
            label="Name"
            hint="Lower-case letters, digits and hyphens. Programs call it by this name; it can’t be changed later."
            error={errors.of('name')}
            className="max-w-md"
          >
            <Input
              value={name}
              onChange={(event) => setName(event.target.value)}
              required
              maxLength={63}
              spellCheck={false}
            />
          </Field>
        </div>
      </Card>
      <ConfigFields draft={draft} onChange={setDraft} errors={errors} />
      <div className="flex flex-wrap items-center justify-end gap-2">
        {create.error && (
          <p role="alert" className="mr-auto text-bad">
            {rest ?? 'Some fields need another value: see above.'}
          </p>
        )}
        <Button onClick={onBack}>Back to the samples</Button>
        <Button type="submit" kind="primary" busy={create.isPending}>
          Make agent
        </Button>
      </div>
    </form>
  )
}
