'use client'

import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { AuthError, callAuth } from './auth-client.ts'
import { SubmitButton } from './submit-button.tsx'
import { useSubmit } from './use-submit.ts'

/** After these the password has to be given again. */
const endings = ['INVALID_TWO_FACTOR_COOKIE', 'TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE', 'ACCOUNT_TEMPORARILY_LOCKED']

interface SecondFactorProps {
  onDone: () => void
  onRestart: (message: string) => void
}

/** Asked for after the password: a code of the app, or one of the codes that were kept for when the app is lost. */
export function SecondFactor({ onDone, onRestart }: SecondFactorProps) {
  const [usesBackup, setUsesBackup] = useState(false)
  const { error, busy, onSubmit, fail } = useSubmit(async (form) => {
    const code = String(form.get('code')).replaceAll(' ', '')
    const trustDevice = form.get('trust') === 'on'
    try {
      await callAuth(usesBackup ? 'two-factor/verify-backup-code' : 'two-factor/verify-totp', { code, trustDevice })
      onDone()
    } catch (failure) {
      const isOver = failure instanceof AuthError && endings.includes(failure.reason ?? '')
      if (!isOver) throw failure
      onRestart(failure.message)
    }
  })
  const change = () => {
    fail(undefined)
    setUsesBackup(!usesBackup)
  }
  return (
    <form key={usesBackup ? 'backup' : 'app'} method="post" onSubmit={onSubmit} className="flex flex-col gap-4">
      {usesBackup ? (
        <Field label="Backup code" hint="Each of them works once." error={error}>
          <Input name="code" autoComplete="off" required autoFocus className="font-mono" />
        </Field>
      ) : (
        <Field label="Code" hint="Six digits, from your authenticator app." error={error}>
          <Input
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            pattern="[0-9 ]{6,7}"
            required
            autoFocus
            className="font-mono tracking-widest"
          />
        </Field>
      )}
      <label className="flex items-center gap-2">
        <input type="checkbox" name="trust" className="size-4 accent-brand" />
        Don’t ask on this device for 30 days
      </label>
      <SubmitButton kind="primary" busy={busy}>
        Continue
      </SubmitButton>
      <Button kind="quiet" onClick={change}>
        {usesBackup ? 'Use the authenticator app' : 'Use a backup code'}
      </Button>
    </form>
  )
}
