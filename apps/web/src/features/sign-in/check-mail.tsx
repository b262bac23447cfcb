'use client'

import { MailCheck } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { notify } from '../../ui/toast.tsx'

interface CheckMailProps {
  to: string
  /** Sends it once more. */
  onAgain: () => Promise<void>
  children: ReactNode
}

/** In place of a form that had a mail sent. */
export function CheckMail({ to, onAgain, children }: CheckMailProps) {
  const [busy, setBusy] = useState(false)
  const heading = useRef<HTMLHeadingElement>(null)
  // The button that was pressed is gone: whoever can't see goes on here.
  useEffect(() => heading.current?.focus(), [])
  const again = async () => {
    setBusy(true)
    await onAgain().catch((error: unknown) => notify.failed(error))
    setBusy(false)
  }
  return (
    <div className="flex flex-col items-center gap-3 text-center">
      <MailCheck className="size-8 text-good" aria-hidden />
      <h2 ref={heading} tabIndex={-1} className="font-medium outline-none">
        Check your mail
      </h2>
      <p className="text-soft">
        We have written to <span className="font-medium break-all text-ink">{to}</span>. {children}
      </p>
      <p className="text-xs text-faint">Nothing there? Look into the spam folder, or</p>
      <Button size="small" busy={busy} onClick={() => void again()}>
        Send it again
      </Button>
    </div>
  )
}
