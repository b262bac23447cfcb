'use client'

import { useEffect, useState } from 'react'
import { ButtonLink } from '../../ui/button.tsx'
import { callAuth } from './auth-client.ts'
import { NewPassword } from './new-password.tsx'
import { SubmitButton } from './submit-button.tsx'
import { useSubmit } from './use-submit.ts'

export function ResetPasswordForm({ token }: { token: string }) {
  const [isDone, setDone] = useState(false)
  // Whoever reads the address or the history afterwards must not find it.
  useEffect(() => window.history.replaceState(null, '', '/reset-password'), [])
  const { error, busy, onSubmit } = useSubmit(async (form) => {
    await callAuth('reset-password', { token, newPassword: form.get('newPassword') })
    setDone(true)
  })
  if (isDone) {
    return (
      <div role="status" className="flex flex-col gap-4 text-center">
        <p>Your new password is set. Wherever you were signed in, you no longer are.</p>
        <ButtonLink kind="primary" href="/sign-in">
          Sign in
        </ButtonLink>
      </div>
    )
  }
  return (
    <form method="post" onSubmit={onSubmit} className="flex flex-col gap-4">
      <NewPassword label="New password" error={error} />
      <SubmitButton kind="primary" busy={busy}>
        Set password
      </SubmitButton>
    </form>
  )
}
