'use client'

import { type FormEvent, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { describeError } from '../../ui/describe-error.ts'
import { Field, Input } from '../../ui/field.tsx'
import { callAuth } from './auth-client.ts'

export function SignInForm({ next }: { next: string }) {
  const [error, setError] = useState<string>()
  const [busy, setBusy] = useState(false)
  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setError(undefined)
    try {
      await callAuth('sign-in/email', { email: form.get('email'), password: form.get('password') })
      // A whole new page: nothing of what somebody else saw here before is kept.
      window.location.assign(next)
    } catch (failure) {
      setError(describeError(failure).next)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void signIn(event)} className="flex flex-col gap-4">
      <Field label="Email">
        <Input name="email" type="email" autoComplete="username webauthn" required autoFocus />
      </Field>
      <Field label="Password" error={error}>
        <Input name="password" type="password" autoComplete="current-password" required />
      </Field>
      <Button type="submit" kind="primary" busy={busy}>
        Sign in
      </Button>
    </form>
  )
}
