'use client'

import { useRouter } from 'next/navigation'
import type { FormEvent } from 'react'
import type { Account } from '../../api/account.ts'
import { Field, Input } from '../../ui/field.tsx'
import { Card } from '../../ui/page.tsx'
import { callAuth } from '../sign-in/auth-client.ts'
import { SubmitButton } from '../sign-in/submit-button.tsx'
import { useAuthAct } from './use-auth.ts'

export function Profile({ account: { name, email } }: { account: Account }) {
  const router = useRouter()
  const rename = useAuthAct((changed: string) => callAuth('update-user', { name: changed }), {
    done: 'Your name is changed',
    onDone: () => router.refresh(),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    rename.mutate(String(new FormData(event.currentTarget).get('name')).trim())
  }
  return (
    <Card title="Profile">
      <form method="post" onSubmit={submit} className="flex flex-col gap-4 p-4">
        <Field label="Name" hint="How others see you: in approvals, in the audit trail, among the members.">
          <Input name="name" autoComplete="name" required maxLength={100} defaultValue={name} />
        </Field>
        <Field label="Email" hint="It is what invitations are for, so it stays.">
          <Input value={email} readOnly className="bg-sunken! text-soft!" />
        </Field>
        <div>
          <SubmitButton busy={rename.isPending}>Save name</SubmitButton>
        </div>
      </form>
    </Card>
  )
}
