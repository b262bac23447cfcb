'use client'

import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { notify } from '../../ui/toast.tsx'
import { signOut } from './auth-client.ts'

export function SignOutButton({ next }: { next?: string }) {
  const [busy, setBusy] = useState(false)
  const leave = async () => {
    setBusy(true)
    await signOut(next).catch((error: unknown) => {
      notify.failed(error)
      setBusy(false)
    })
  }
  return (
    <Button busy={busy} onClick={() => void leave()}>
      Sign out
    </Button>
  )
}
