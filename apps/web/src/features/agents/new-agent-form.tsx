'use client'

import type { AgentSample } from '@freehold/contracts'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Card } from '../../ui/page.tsx'
import { ConfigFields, configFields } from './configuration/config-fields.tsx'
import { emptyDraft, toConfig, toDraft } from './configuration/draft.ts'

/** The name and the configuration of an agent that is to be made. Of a sample there is a first message to try it with. */
export function NewAgentForm({ sample }: { sample: AgentSample | undefined }) {
  const { can, path } = useSession()
  const router = useRouter()
  const [name, setName] = useState(sample?.name ?? '')
  const [draft, setDraft] = useState(sample ? toDraft(sample.config) : emptyDraft)
  const first =
    sample && can('runs:start') ? `?${new URLSearchParams({ tab: 'playground', message: sample.tryWith })}` : ''
  const create = useAct('createAgent', {
    changes: ['listAgents'],
    done: (agent) => `The agent ${agent.name} is made`,
    onDone: (agent) => router.push(path(`/agents/${agent.name}${first}`)),
    quiet: true,
  })
  const errors = fieldErrors(create.error)
  const rest = errors.rest('name', ...configFields)
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
        <ButtonLink href={path('/agents/new')}>Back to the samples</ButtonLink>
        <Button type="submit" kind="primary" busy={create.isPending}>
          Make agent
        </Button>
      </div>
    </form>
  )
}
