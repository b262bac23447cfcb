'use client'

import type { Environment, Schedule } from '@freehold/contracts'
import { useState } from 'react'
import { changesOf } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { Field, Input, TextArea } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Select } from '../../ui/select.tsx'
import { TimeZoneInput } from '../../ui/time-zone-input.tsx'
import { environments } from '../agents/environments.ts'
import { CronField } from './cron-field.tsx'

type Kind = 'cron' | 'at'

/** What the form holds of a schedule that is not one of its plain inputs. */
interface Terms {
  agent: string
  environment: Environment
  kind: Kind
  cron: string
  /** As `datetime-local` has it, by the person's own clock. */
  at: string
  timeZone: string
  overlap: Schedule['overlap']
  catchUp: Schedule['catchUp']
}

const kinds = [
  { value: 'cron', label: 'Again and again' },
  { value: 'at', label: 'Once' },
] as const

const overlaps = [
  { value: 'skip', label: 'Leave the new one out' },
  { value: 'allow', label: 'Run both' },
  { value: 'cancel_previous', label: 'Cancel the one before' },
] as const

const catchUps = [
  { value: 'latest', label: 'Make up for the latest' },
  { value: 'all', label: 'Make up for each' },
  { value: 'none', label: 'Leave them out' },
] as const

const shown = ['name', 'agent', 'environment', 'message', 'cron', 'at', 'timeZone', 'overlap', 'catchUp'] as const

/** Makes a schedule, or changes one. */
export function ScheduleForm({ schedule, onClose }: { schedule?: Schedule; onClose: () => void }) {
  const [terms, setTerms] = useState<Terms>(() => termsOf(schedule))
  const set = (changed: Partial<Terms>) => setTerms((before) => ({ ...before, ...changed }))
  const { submit, isPending, error } = useSave(schedule, onClose)
  const errors = fieldErrors(error)
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title={schedule ? 'Change the schedule' : 'New schedule'}
      action={schedule ? 'Save' : 'Make schedule'}
      busy={isPending}
      error={errors.rest(...shown)}
      onSubmit={(form) => submit(String(form.get('name')), String(form.get('message')), terms)}
      width="max-w-2xl"
    >
      <Field label="Name" error={errors.of('name')}>
        <Input name="name" required maxLength={100} defaultValue={schedule?.name} autoFocus />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <AgentField value={terms.agent} onChange={(agent) => set({ agent })} error={errors.of('agent')} />
        <Field label="Environment" error={errors.of('environment')}>
          <Select
            value={terms.environment}
            options={environments.map((each) => ({ value: each, label: each }))}
            onChange={(environment) => set({ environment })}
          />
        </Field>
      </div>
      <Field label="Message" hint="What the agent is asked each time." error={errors.of('message')}>
        <TextArea name="message" required rows={3} defaultValue={schedule?.message} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="How often">
          <Select value={terms.kind} options={kinds} onChange={(kind) => set({ kind })} />
        </Field>
        <Field label="Time zone" hint="In which the times are read." error={errors.of('timeZone')}>
          <TimeZoneInput value={terms.timeZone} onChange={(timeZone) => set({ timeZone })} />
        </Field>
      </div>
      {terms.kind === 'cron' ? (
        <CronField
          value={terms.cron}
          timeZone={terms.timeZone}
          onChange={(cron) => set({ cron })}
          error={errors.of('cron')}
        />
      ) : (
        <Field label="At" hint="By your clock." error={errors.of('at')}>
          <Input
            type="datetime-local"
            required
            value={terms.at}
            onChange={(event) => set({ at: event.target.value })}
          />
        </Field>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="When the run before is still under way" error={errors.of('overlap')}>
          <Select value={terms.overlap} options={overlaps} onChange={(overlap) => set({ overlap })} />
        </Field>
        <Field label="Times that were missed" hint="While the platform was down." error={errors.of('catchUp')}>
          <Select value={terms.catchUp} options={catchUps} onChange={(catchUp) => set({ catchUp })} />
        </Field>
      </div>
    </FormDialog>
  )
}

function AgentField({
  value,
  onChange,
  error,
}: {
  value: string
  onChange: (agent: string) => void
  error: string | undefined
}) {
  const agents = usePages('listAgents', { query: { limit: 200 } })
  const names = agents.items?.map(({ name }) => name) ?? []
  const all = value === '' || names.includes(value) ? names : [value, ...names]
  return (
    <Field label="Agent" error={error}>
      <Select
        value={value}
        required
        options={value === '' ? [{ value: '', label: 'Choose one' }, ...all.map(toOption)] : all.map(toOption)}
        onChange={onChange}
      />
    </Field>
  )
}

const toOption = (name: string) => ({ value: name, label: name })

function termsOf(schedule: Schedule | undefined): Terms {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!schedule) {
    return {
      agent: '',
      environment: 'production',
      kind: 'cron',
      cron: '',
      at: '',
      timeZone: own,
      overlap: 'skip',
      catchUp: 'latest',
    }
  }
  const { agent, environment, cron, at, timeZone, overlap, catchUp } = schedule
  return {
    agent,
    environment,
    kind: cron === null ? 'at' : 'cron',
    cron: cron ?? '',
    at: at === null ? '' : toLocal(new Date(at)),
    timeZone,
    overlap,
    catchUp,
  }
}

function toLocal(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

function useSave(schedule: Schedule | undefined, onDone: () => void) {
  const common = { changes: ['listSchedules'], quiet: true, onDone } as const
  const create = useAct('createSchedule', { ...common, done: ({ name }) => `The schedule ${name} is made` })
  const update = useAct('updateSchedule', { ...common, done: ({ name }) => `The schedule ${name} is changed` })
  const { error, isPending } = schedule ? update : create
  const submit = (name: string, message: string, terms: Terms) => {
    const body = bodyOf(name, message, terms)
    if (!schedule) return create.mutate({ body })
    const changes = changesOf(bodyOf(schedule.name, schedule.message, termsOf(schedule)), body)
    if (changes) update.mutate({ params: { id: schedule.id }, body: changes })
    else onDone()
  }
  return { submit, error, isPending }
}

function bodyOf(name: string, message: string, { kind, cron, at, ...terms }: Terms) {
  return { name, message, ...terms, ...(kind === 'cron' ? { cron: cron.trim() } : { at: toIso(at) }) }
}

/** What is no time stays as it is, and the API says so beside the field. */
function toIso(local: string): string {
  const time = new Date(local)
  return Number.isNaN(time.getTime()) ? local : time.toISOString()
}
