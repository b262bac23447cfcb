'use client'

import { usePathname } from 'next/navigation'
import { useEffect, useState } from 'react'
import { useSession } from '../../session/session.tsx'
import { onSwitch, switchConversation } from './switch-conversation.ts'

/** The address of the conversation to show: from the click on a link to it on, not when its page has come. */
export function useOpenPath(): string {
  const { path } = useSession()
  const chat = path('/chat')
  const pathname = usePathname()
  const [open, setOpen] = useState(pathname)
  // The browser's address may be ahead of what Next tells, and never behind.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when Next has followed, or somebody went back
  useEffect(() => setOpen(window.location.pathname), [pathname])
  useEffect(() => onSwitch(setOpen), [])
  useEffect(() => {
    const onClick = (event: MouseEvent) => {
      const href = hrefOf(event)
      if (href !== undefined && switchConversation(chat, href)) event.preventDefault()
    }
    document.addEventListener('click', onClick, { capture: true })
    return () => document.removeEventListener('click', onClick, { capture: true })
  }, [chat])
  return open
}

/** Where a click leads to in this page, if anywhere. */
function hrefOf(event: MouseEvent): string | undefined {
  const { target, button, metaKey, ctrlKey, shiftKey, altKey, defaultPrevented } = event
  if (defaultPrevented || button !== 0 || metaKey || ctrlKey || shiftKey || altKey) return undefined
  const link = target instanceof Element ? target.closest('a[href]') : null
  return link instanceof HTMLAnchorElement && link.target !== '_blank' ? link.href : undefined
}
