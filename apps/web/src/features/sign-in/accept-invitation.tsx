'use client'

import { createClient } from '@freehold/contracts/browser'
import { SubmitButton } from './submit-button.tsx'
import { useSubmit } from './use-submit.ts'

export function AcceptInvitation({ token, tenantName }: { token: string; tenantName: string }) {
  const { error, busy, onSubmit } = useSubmit(async () => {
    const { name } = await createClient({ url: '' }).acceptInvitation({ body: { token } })
    window.location.assign(`/t/${encodeURIComponent(name)}`)
  })
  return (
    <form method="post" onSubmit={onSubmit} className="flex flex-col gap-3">
      {error !== undefined && (
        <p role="alert" className="text-bad">
          {error}
        </p>
      )}
      <SubmitButton kind="primary" busy={busy}>
        Join {tenantName}
      </SubmitButton>
    </form>
  )
}
