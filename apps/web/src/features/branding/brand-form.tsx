'use client'

import type { Branding, Client } from '@freehold/contracts'
import { useRouter } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { merge } from '../../api/merge.ts'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { type FieldErrors, fieldErrors } from '../../ui/field-errors.ts'
import { Notice } from '../../ui/notice.tsx'
import { Card } from '../../ui/page.tsx'
import { BrandPreview } from './brand-preview.tsx'
import { ColorField } from './color-field.tsx'
import type { Draft } from './draft.ts'

export function BrandForm({ branding }: { branding: Branding }) {
  const { can } = useSession()
  const router = useRouter()
  const [opened, setOpened] = useState(() => draftOf(branding))
  const [draft, setDraft] = useState(opened)
  const set = (changed: Partial<Draft>) => setDraft((before) => ({ ...before, ...changed }))
  const put = useAct('putBranding', {
    changes: ['getBranding'],
    done: 'The branding is saved',
    // What is around the page is in these colours as well.
    onDone: () => router.refresh(),
    quiet: true,
  })
  const errors = fieldErrors(put.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // What is typed while it is saved stays.
    const onSuccess = (saved: Branding) => {
      setOpened(draftOf(saved))
      setDraft((now) => merge(draft, now, draftOf(saved)))
    }
    const save = async (client: Client) => ({ body: bodyOf(merge(opened, draft, draftOf(await client.getBranding()))) })
    put.mutate(save, { onSuccess })
  }
  const rest = errors.rest('name', 'colors', 'supportAddress', 'sender')
  return (
    <Card title="Name, colours and mails">
      <form onSubmit={submit}>
        <fieldset disabled={!can('tenant:write')} className="grid min-w-0 gap-6 p-4 lg:grid-cols-2">
          <legend className="sr-only">Branding</legend>
          <BrandFields draft={draft} onChange={set} errors={errors} />
          <div className="flex min-w-0 flex-col gap-4">
            <BrandPreview draft={draft} logoUrl={branding.logo?.url ?? null} />
            {branding.warnings.length > 0 && (
              <Notice tone="warn" title="Hard to read">
                <ul>
                  {branding.warnings.map((warning) => (
                    <li key={warning}>{warning}</li>
                  ))}
                </ul>
              </Notice>
            )}
          </div>
        </fieldset>
        {can('tenant:write') && (
          <div className="flex flex-wrap items-center justify-end gap-3 border-t border-line px-4 py-3">
            {rest !== undefined && (
              <p role="alert" className="text-bad">
                {rest}
              </p>
            )}
            <Button type="submit" kind="primary" busy={put.isPending}>
              Save
            </Button>
          </div>
        )}
      </form>
    </Card>
  )
}

interface BrandFieldsProps {
  draft: Draft
  onChange: (changed: Partial<Draft>) => void
  errors: FieldErrors
}

function BrandFields({ draft, onChange, errors }: BrandFieldsProps) {
  const text = (name: keyof Draft) => ({
    value: draft[name],
    onChange: (event: { target: { value: string } }) => onChange({ [name]: event.target.value }),
    placeholder: 'as the installation',
  })
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <Field label="Name" error={errors.of('name')}>
        <Input {...text('name')} maxLength={80} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-3">
        {(['primary', 'background', 'text'] as const).map((name) => (
          <ColorField
            key={name}
            label={{ primary: 'Main colour', background: 'Background', text: 'Text' }[name]}
            value={draft[name]}
            onChange={(value) => onChange({ [name]: value })}
            error={errors.of(`colors.${name}`)}
          />
        ))}
      </div>
      <Field
        label="Support"
        hint="An email address or an https address where people get help."
        error={errors.of('supportAddress')}
      >
        <Input {...text('supportAddress')} maxLength={500} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Sender of mails" hint="Their address stays the installation’s." error={errors.of('sender.name')}>
          <Input {...text('senderName')} maxLength={80} />
        </Field>
        <Field label="Answers to mails go to" error={errors.of('sender.replyTo')}>
          <Input {...text('replyTo')} type="email" maxLength={254} />
        </Field>
      </div>
    </div>
  )
}

function draftOf({ name, colors, supportAddress, sender }: Branding): Draft {
  return {
    name: name ?? '',
    primary: colors.primary ?? '',
    background: colors.background ?? '',
    text: colors.text ?? '',
    supportAddress: supportAddress ?? '',
    senderName: sender.name ?? '',
    replyTo: sender.replyTo ?? '',
  }
}

function bodyOf({ name, primary, background, text, supportAddress, senderName, replyTo }: Draft) {
  return {
    name: name || null,
    colors: { primary: primary || null, background: background || null, text: text || null },
    supportAddress: supportAddress || null,
    sender: { name: senderName || null, replyTo: replyTo || null },
  }
}
