'use client'

import { type ComponentProps, useSyncExternalStore } from 'react'
import { Button } from '../../ui/button.tsx'

const never = () => () => {}

/** Takes no click before the page can handle it: the browser itself would put what was typed into the address. */
export function SubmitButton(props: Omit<ComponentProps<typeof Button>, 'type' | 'disabled'>) {
  const isReady = useSyncExternalStore(
    never,
    () => true,
    () => false,
  )
  return (
    <Button {...props} type="submit" disabled={!isReady} className={isReady ? undefined : 'disabled:opacity-100!'} />
  )
}
