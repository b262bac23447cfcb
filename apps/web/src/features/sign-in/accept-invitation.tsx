'use client'

import { createClient } from '@freehold/contracts/browser'
import { Button } from '../../ui/button.tsx'
import { useSubmit } from './use-submit.ts'

export function AcceptInvitation({ token, tenantName }: { token: string; tenantName: string }) {
  const { error, busy, onSubmit } = useSubmit(async () => {
    const { name } = await createClient({ url: '' }).acceptInvitation({ body: { token } })
    window.location.assign(`/t/${encodeURIComponent(name)}`)
  })
  return (
    <form onSubmit={onSubmit} className="flex flex-col gap-3">
      {error !== undefined && (
        <p role="alert" className="text-bad">
          {error}
        </p>
      )}
      <Button type="submit" kind="primary" busy={busy}>
        Join {tenantName}
      </Button>
    </form>
  )
}
