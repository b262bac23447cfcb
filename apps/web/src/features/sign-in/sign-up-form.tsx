'use client'

import { useState } from 'react'
import { Field, Input } from '../../ui/field.tsx'
import { notify } from '../../ui/toast.tsx'
import { callAuth } from './auth-client.ts'
import { CheckMail } from './check-mail.tsx'
import { NewPassword } from './new-password.tsx'
import { leadingTo } from './own-path.ts'
import { SubmitButton } from './submit-button.tsx'
import { useSubmit } from './use-submit.ts'

interface SignUpFormProps {
  next: string
  email: string | undefined
  isByInvitation: boolean
}

export function SignUpForm({ next, email, isByInvitation }: SignUpFormProps) {
  const [sentTo, setSentTo] = useState<string>()
  const callbackURL = leadingTo('/verified', next)
  const { error, busy, onSubmit } = useSubmit(async (form) => {
    const address = String(form.get('email'))
    const password = form.get('newPassword')
    await callAuth('sign-up/email', { name: form.get('name'), email: address, password, callbackURL })
    setSentTo(address)
  })
  if (sentTo !== undefined) {
    const again = async () => {
      await callAuth('send-verification-email', { email: sentTo, callbackURL })
      notify.done('Sent again')
    }
    return (
      <CheckMail to={sentTo} onAgain={again}>
        Open the link in it <strong>in this browser</strong> within an hour, and you are in.
      </CheckMail>
    )
  }
  return (
    <form method="post" onSubmit={onSubmit} className="flex flex-col gap-4">
      <Field label="Your name">
        <Input name="name" autoComplete="name" required maxLength={100} autoFocus />
      </Field>
      <Field label="Email" hint={isByInvitation ? 'The address that you were invited with.' : undefined}>
        <Input name="email" type="email" autoComplete="username" required defaultValue={email} />
      </Field>
      <NewPassword error={error} />
      <SubmitButton kind="primary" busy={busy}>
        Sign up
      </SubmitButton>
    </form>
  )
}
