'use client'

import { Code } from '../../ui/code.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { callAuth } from '../sign-in/auth-client.ts'
import { QrCode } from './qr-code.tsx'
import { useAuthAct } from './use-auth.ts'

/** What sign-in makes, and counts once a code has been entered. */
export interface SetUp {
  totpURI: string
  backupCodes: string[]
}

interface SetUpTwoFactorProps {
  setUp: SetUp
  onVerified: () => void
  onClose: () => void
}

export function SetUpTwoFactor({ setUp: { totpURI }, onVerified, onClose }: SetUpTwoFactorProps) {
  const verify = useAuthAct((code: string) => callAuth('two-factor/verify-totp', { code }), {
    changes: ['list-sessions'],
    onDone: onVerified,
    quiet: true,
  })
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="Scan this with your authenticator app"
      about="Any of them: Google Authenticator, 1Password, Bitwarden, Aegis, …"
      action="Turn on"
      busy={verify.isPending}
      onSubmit={(form) => verify.mutate(String(form.get('code')).replaceAll(' ', ''))}
    >
      <QrCode text={totpURI} label="QR code for the authenticator app" />
      <details>
        <summary className="cursor-default text-soft">No camera? Type in the key</summary>
        <div className="mt-2">
          <Code text={new URL(totpURI).searchParams.get('secret') ?? ''} label="Key" />
        </div>
      </details>
      <Field label="Code" hint="The six digits that the app shows then." error={verify.problem}>
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
    </FormDialog>
  )
}
