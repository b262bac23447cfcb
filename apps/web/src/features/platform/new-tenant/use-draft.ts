import { useEffect, useState } from 'react'
import { type Draft, emptyDraft } from './draft.ts'

const kept = 'new-tenant'

/** What was typed, also after a reload or a look at another page. */
export function useDraft() {
  const [draft, setDraft] = useState<Draft>(emptyDraft)
  // The server knows of none, so it comes after the first rendering.
  useEffect(() => {
    const before = sessionStorage.getItem(kept)
    if (before) setDraft(JSON.parse(before))
  }, [])
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part }
    sessionStorage.setItem(kept, JSON.stringify(next))
    setDraft(next)
  }
  return { draft, change, forget: () => sessionStorage.removeItem(kept) }
}
