'use client'

import { useState } from 'react'
import { Field, Input } from '../../ui/field.tsx'
import { notify } from '../../ui/toast.tsx'
import { callAuth } from './auth-client.ts'
import { CheckMail } from './check-mail.tsx'
import { SubmitButton } from './submit-button.tsx'
import { useSubmit } from './use-submit.ts'

export function ForgotPasswordForm({ email }: { email: string | undefined }) {
  const [sentTo, setSentTo] = useState<string>()
  const send = (address: string) =>
    callAuth('request-password-reset', { email: address, redirectTo: '/reset-password' })
  const { error, busy, onSubmit } = useSubmit(async (form) => {
    const address = String(form.get('email'))
    await send(address)
    setSentTo(address)
  })
  if (sentTo !== undefined) {
    const again = async () => {
      await send(sentTo)
      notify.done('Sent again')
    }
    return (
      <CheckMail to={sentTo} onAgain={again}>
        If there is an account with this address, the mail has a link to set a new password. It works for an hour.
      </CheckMail>
    )
  }
  return (
    <form method="post" onSubmit={onSubmit} className="flex flex-col gap-4">
      <Field label="Email" hint="A link to set a new password is mailed there." error={error}>
        <Input name="email" type="email" autoComplete="username" required defaultValue={email} autoFocus />
      </Field>
      <SubmitButton kind="primary" busy={busy}>
        Send the link
      </SubmitButton>
    </form>
  )
}
