'use client'

import type { Agent, Environment, Release } from '@freehold/contracts'
import { useState } from 'react'
import { useAct } from '../../../api/use-api.ts'
import { usePages } from '../../../api/use-pages.ts'
import { useSession } from '../../../session/session.tsx'
import { Checkbox } from '../../../ui/checkbox.tsx'
import { Field, Input, TextArea } from '../../../ui/field.tsx'
import { fieldErrors } from '../../../ui/field-errors.ts'
import { FormDialog } from '../../../ui/form-dialog.tsx'
import { Select } from '../../../ui/select.tsx'
import { notify } from '../../../ui/toast.tsx'
import { environmentBefore } from '../environments.ts'
import { changedByRelease } from './changed-by-release.ts'

/** What the dialog begins with. */
export interface Wanted {
  version: number | undefined
  /** The share of a canary; undefined: everyone. */
  percent: number | undefined
}

interface ReleaseDialogProps {
  agent: Agent
  environment: Environment
  wanted: Wanted
  onClose: () => void
}

const firstPercent = 10

export function ReleaseDialog({ agent, environment, wanted, onClose }: ReleaseDialogProps) {
  const { can, me } = useSession()
  const [version, setVersion] = useState(String(wanted.version ?? agent.version))
  const [isCanary, setCanary] = useState(wanted.percent !== undefined)
  const [isForced, setForced] = useState(false)
  const release = useRelease(environment, isForced, onClose)
  const errors = fieldErrors(release.error)
  const approvals = environment === 'production' && !isForced ? me.tenant?.productionApprovals : null
  const before = environmentBefore(environment)
  const submit = (form: FormData) => {
    const comment = String(form.get('comment')).trim()
    release.submit(agent.name, {
      version: Number(version),
      ...(comment !== '' && { comment }),
      ...(isCanary && { canary: canaryOf(form) }),
    })
  }
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={`Release to ${environment}`}
      about={
        approvals
          ? `${approvals.required} ${approvals.role ?? 'other'}${approvals.required === 1 ? ' has' : 's have'} to approve it first.`
          : before && `A version has to have served in ${before} before.`
      }
      action={approvals ? 'Ask for approval' : isCanary ? `Release v${version} as canary` : `Release v${version}`}
      busy={release.isPending}
      error={errors.rest('canary', 'comment')}
      onSubmit={submit}
    >
      <VersionField agent={agent} environment={environment} value={version} onChange={setVersion} />
      <Checkbox
        label="Only for a share of the new threads"
        hint="A canary: the version that serves now stays for the others, and you see how the two do."
        checked={isCanary}
        onChange={setCanary}
      />
      {isCanary && <CanaryFields percent={wanted.percent} errorOf={errors.of} />}
      <Field label="Why" hint="Stands in the history." error={errors.of('comment')}>
        <TextArea name="comment" rows={2} maxLength={1000} />
      </Field>
      {can('releases:force') && before && (
        <Checkbox
          label="Leave out the rules"
          hint="Release it although it has not served before, or without the approval. The history says so."
          checked={isForced}
          onChange={setForced}
        />
      )}
    </FormDialog>
  )
}

interface Change {
  version: number
  comment?: string
  canary?: ReturnType<typeof canaryOf>
}

/** A promotion, or, past the rules, a release. */
function useRelease(environment: Environment, isForced: boolean, onDone: () => void) {
  const changes = changedByRelease
  const promote = useAct('promoteRelease', {
    changes,
    quiet: true,
    onDone({ request, release }) {
      if (request) notify.done('Approval is asked for')
      else if (release) notify.done(saidOf(release))
      onDone()
    },
  })
  const set = useAct('setRelease', {
    changes,
    quiet: true,
    done: saidOf,
    onDone,
  })
  const { error, isPending } = isForced ? set : promote
  return {
    error,
    isPending,
    submit(name: string, body: Change) {
      const input = { params: { name, environment }, body }
      if (isForced) set.mutate(input)
      else promote.mutate(input)
    },
  }
}

const saidOf = ({ environment, version, canary }: Release): string =>
  canary
    ? `v${canary.version} is a canary in ${environment}: ${canary.percent}% of new threads get it`
    : `Released to ${environment}: v${version}`

function VersionField({
  agent,
  environment,
  value,
  onChange,
}: {
  agent: Agent
  environment: Environment
  value: string
  onChange: (version: string) => void
}) {
  const versions = usePages('listAgentVersions', { params: { name: agent.name } })
  const known = versions.items?.map(({ version }) => String(version)) ?? []
  const all = known.includes(value) ? known : [value, ...known]
  return (
    <Field label="Version">
      <Select
        value={value}
        options={all.map((version) => ({ value: version, label: labelOf(agent, environment, Number(version)) }))}
        onChange={onChange}
      />
    </Field>
  )
}

function labelOf(agent: Agent, environment: Environment, version: number): string {
  const notes = [
    version === agent.version && 'the newest',
    version === agent.releases[environment] && 'serves here now',
  ].filter((note) => note !== false)
  return [`v${version}`, ...notes].join(', ')
}

const figures = [
  {
    name: 'maxErrorPoints',
    label: 'Failed runs, in percentage points',
    hint: 'How many more than of the version that serves now. Empty: 10.',
  },
  {
    name: 'maxCostPercent',
    label: 'Cost of a run, in percent',
    hint: 'How much more than of the version that serves now. Empty: 50.',
  },
  { name: 'minRuns', label: 'Runs before it is judged', hint: 'Empty: 20.' },
] as const

function CanaryFields({
  percent = firstPercent,
  errorOf,
}: {
  percent: number | undefined
  errorOf: (field: string) => string | undefined
}) {
  const isRefused = figures.some(({ name }) => errorOf(`canary.${name}`) !== undefined)
  return (
    <div className="flex flex-col gap-4 rounded-md border border-line p-3">
      <Field label="Percent of the new threads" error={errorOf('canary.percent')}>
        <Input name="percent" type="number" min={1} max={99} required defaultValue={percent} />
      </Field>
      <details open={isRefused || undefined}>
        <summary className="cursor-pointer text-soft">When it is rolled back by itself</summary>
        <div className="mt-3 flex flex-col gap-3">
          {figures.map(({ name, label, hint }) => (
            <Field key={name} label={label} hint={hint} error={errorOf(`canary.${name}`)}>
              <Input name={name} type="number" min={0} />
            </Field>
          ))}
        </div>
      </details>
    </div>
  )
}

/** What is left empty stays as it is, or is the default. */
function canaryOf(form: FormData) {
  const given = figures
    .map(({ name }) => [name, String(form.get(name) ?? '')] as const)
    .filter(([, value]) => value !== '')
  const rules: { [Name in (typeof figures)[number]['name']]?: number } = Object.fromEntries(
    given.map(([name, value]) => [name, Number(value)]),
  )
  return { percent: Number(form.get('percent')), ...rules }
}
