'use client'

import type { PublicSignIn } from '@freehold/contracts'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { callAuth } from './auth-client.ts'
import { Notice } from './notice.tsx'
import { leadingTo } from './own-path.ts'
import { SecondFactor } from './second-factor.tsx'
import { TextLink } from './sign-in-frame.tsx'
import { SubmitButton } from './submit-button.tsx'
import { usePasskeySignIn } from './use-passkey-sign-in.ts'
import { useSubmit } from './use-submit.ts'

interface SignInFormProps {
  /** Where to go then. */
  next: string
  email?: string | undefined
  providers: PublicSignIn['providers']
  /** What a provider or a link said before. */
  problem?: string | undefined
}

export function SignInForm({ next, email, providers, problem }: SignInFormProps) {
  const [needsCode, setNeedsCode] = useState(false)
  const [refused, setRefused] = useState(problem)
  if (needsCode) {
    const restart = (message: string) => {
      setNeedsCode(false)
      setRefused(message)
    }
    return <SecondFactor onDone={() => goTo(next)} onRestart={restart} />
  }
  return (
    <>
      {refused !== undefined && <Notice>{refused}</Notice>}
      <Credentials next={next} email={email} providers={providers} onSecondFactor={() => setNeedsCode(true)} />
    </>
  )
}

/** A whole new page: nothing of what somebody else saw here before is kept. */
function goTo(path: string): void {
  window.location.assign(path)
}

interface CredentialsProps extends Omit<SignInFormProps, 'problem'> {
  onSecondFactor: () => void
}

function Credentials({ next, email, providers, onSecondFactor }: CredentialsProps) {
  const { error, busy, onSubmit, fail } = useSubmit(async (form) => {
    const { twoFactorRedirect } = await callAuth<{ twoFactorRedirect?: boolean }>('sign-in/email', {
      email: form.get('email'),
      password: form.get('password'),
      callbackURL: leadingTo('/verified', next),
    })
    if (twoFactorRedirect) onSecondFactor()
    else goTo(next)
  })
  const passkey = usePasskeySignIn(() => goTo(next), fail)
  const isOffered = passkey.isOffered || providers.length > 0
  return (
    <div className="flex flex-col gap-4">
      <form method="post" onSubmit={onSubmit} className="flex flex-col gap-4">
        <Field label="Email">
          <Input
            name="email"
            type="email"
            autoComplete="username webauthn"
            required
            defaultValue={email}
            autoFocus={!email}
          />
        </Field>
        <Field label="Password" error={error}>
          <Input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            autoFocus={email !== undefined}
          />
        </Field>
        <SubmitButton kind="primary" busy={busy}>
          Sign in
        </SubmitButton>
      </form>
      <p className="text-center">
        <TextLink href={leadingTo('/forgot-password', next)}>Forgot your password?</TextLink>
      </p>
      {isOffered && (
        <div className="flex flex-col gap-2 border-t border-line pt-4">
          {passkey.isOffered && (
            <Button onClick={passkey.choose}>
              <KeyRound aria-hidden /> Sign in with a passkey
            </Button>
          )}
          {providers.map((provider) => (
            <ProviderButton key={provider.id} provider={provider} next={next} onError={fail} />
          ))}
        </div>
      )}
    </div>
  )
}

interface ProviderButtonProps {
  provider: PublicSignIn['providers'][number]
  next: string
  onError: (message: string) => void
}

function ProviderButton({ provider: { id, name }, next, onError }: ProviderButtonProps) {
  const [busy, setBusy] = useState(false)
  const go = async () => {
    setBusy(true)
    try {
      const { url } = await callAuth<{ url: string }>('sign-in/social', {
        provider: id,
        callbackURL: leadingTo('/verified', next),
        errorCallbackURL: leadingTo('/sign-in', next),
      })
      goTo(url)
    } catch (error) {
      onError(error instanceof Error ? error.message : 'That did not work. Try again.')
      setBusy(false)
    }
  }
  return (
    <Button busy={busy} onClick={() => void go()}>
      Continue with {name}
    </Button>
  )
}
