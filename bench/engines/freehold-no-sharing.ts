import type { Engine, Store } from './engine.ts'
import { openFreehold } from './freehold.ts'

/** Freehold with a commit of its own for every step. */
export function open(store: Store): Promise<Engine> {
  return openFreehold(store, false)
}
