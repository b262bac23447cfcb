'use client'

import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Account } from '../../api/account.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form-dialog.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Card, Skeleton } from '../../ui/page.tsx'
import { callAuth } from '../sign-in/auth-client.ts'
import { NewPassword } from '../sign-in/new-password.tsx'
import { Row } from './row.tsx'
import { useAuth, useAuthAct } from './use-auth.ts'

/** Of what somebody signs in with. */
interface Way {
  providerId: string
}

export function PasswordCard({ account: { email } }: { account: Account }) {
  const [isChanging, setChanging] = useState(false)
  const ways = useAuth<Way[]>('list-accounts')
  return (
    <Card title="Password">
      <Answered answer={ways} skeleton={<Skeleton className="m-4 h-8.5" />}>
        {(known) =>
          known.some(({ providerId }) => providerId === 'credential') ? (
            <Row action={<Button onClick={() => setChanging(true)}>Change password</Button>}>
              Used on this page as well, before it or two-factor sign-in is changed.
            </Row>
          ) : (
            <Row
              action={
                <ButtonLink href={`/forgot-password?email=${encodeURIComponent(email)}`}>Set a password</ButtonLink>
              }
            >
              {known.length > 0 && `You sign in with ${known.map(({ providerId }) => providerId).join(', ')}. `}
              You have no password here.
            </Row>
          )
        }
      </Answered>
      {isChanging && <ChangePassword onClose={() => setChanging(false)} />}
    </Card>
  )
}

function ChangePassword({ onClose }: { onClose: () => void }) {
  const router = useRouter()
  const change = useAuthAct((form: FormData) => callAuth('change-password', bodyOf(form)), {
    changes: ['list-sessions'],
    done: 'Your password is changed',
    onDone() {
      onClose()
      // This browser has another session now.
      router.refresh()
    },
    quiet: true,
  })
  return (
    <FormDialog
      open
      onOpenChange={onClose}
      title="Change password"
      action="Change password"
      busy={change.isPending}
      error={change.problem}
      onSubmit={change.mutate}
    >
      <Field label="Current password">
        <Input name="currentPassword" type="password" autoComplete="current-password" required autoFocus />
      </Field>
      <NewPassword label="New password" />
      <label className="flex items-center gap-2">
        <input type="checkbox" name="others" defaultChecked className="size-4 accent-brand" />
        Sign out everywhere else
      </label>
    </FormDialog>
  )
}

function bodyOf(form: FormData) {
  return {
    currentPassword: form.get('currentPassword'),
    newPassword: form.get('newPassword'),
    revokeOtherSessions: form.get('others') === 'on',
  }
}
