import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  timeoutMs?: number
  pollMs?: number
  /** Names what was waited for, in the error. */
  what?: string
}

type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>

/** Polls until `check` returns something truthy, and returns that. Throws when it doesn't in time. */
export async function waitFor<T>(check: () => Promise<T> | T, options: WaitOptions = {}): Promise<Truthy<T>> {
  const { timeoutMs = 20_000, pollMs = 20, what = 'the condition' } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const result = await check()
    if (result) return result as Truthy<T>
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`)
    await delay(pollMs)
  }
}
