import { waitFor } from '@freehold/testkit'
import { expect } from 'vitest'

/**
 * Waits until `check` holds, which it must whenever it is asked more than five seconds from now, as the gateway knows
 * nobody for longer without asking again. It goes by when the check began: a machine that stalls in it changes nothing.
 */
export async function withinFiveSeconds<T>(check: () => Promise<T>, what: string) {
  const startedAt = performance.now()
  let inVainAt = startedAt
  const ask = async () => {
    const askedAt = performance.now()
    const answer = await check()
    if (!answer) inVainAt = askedAt
    return answer
  }
  const answer = await waitFor(ask, { pollMs: 100, what })
  expect(inVainAt - startedAt, `${what} within 5 s`).toBeLessThan(5_000)
  return answer
}
