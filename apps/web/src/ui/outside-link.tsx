'use client'

import type { ReactNode } from 'react'
import { Confirm } from './confirm.tsx'

/** A link that somebody unknown wrote: it leads nowhere before the person has seen where. */
export function OutsideLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Confirm
      trigger={
        <button
          type="button"
          title={href}
          className="rounded-sm text-left break-words text-accent underline underline-offset-2"
        >
          {children}
        </button>
      }
      title="Leave for another site?"
      about={
        <>
          This link was written by an agent or a tool. Check where it leads:
          <span className="mt-2 block rounded-md bg-sunken p-2 font-mono text-xs break-all text-ink">{href}</span>
        </>
      }
      action="Open in a new tab"
      danger={false}
      onConfirm={() => {
        window.open(href, '_blank', 'noopener,noreferrer')
        return undefined
      }}
    />
  )
}
