'use client'

import { useEffect, useRef } from 'react'

/**
 * Single keys that do something on a page, by what `KeyboardEvent.key` calls them. None counts while somebody types, in a
 * dialog, or together with a modifier; a focused button or link keeps its Enter.
 */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const current = useRef(keys)
  useEffect(() => {
    current.current = keys
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const act = current.current[event.key]
      if (!act || event.defaultPrevented || event.repeat || isTaken(event)) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

/** What lies over the page; a notice in the corner, which is a dialog to a screen reader, does not. */
const overThePage = ':is([role=dialog], [role=alertdialog], [role=menu]):not([data-notice])'

function isTaken({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || document.querySelector(overThePage)) return true
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target.closest('input, textarea, select')) return true
  return key === 'Enter' && target.closest('a, button') !== null
}
