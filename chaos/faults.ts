import { setTimeout as delay } from 'node:timers/promises'
import type { Setting } from './experiment.ts'

export interface FaultPlan {
  count: number
  /** Between two faults, in milliseconds. This is the fault's own measure, not a wait for anything. */
  everyMs: readonly [number, number]
  /** Load of the interval before the nth fault (from 0), so that the load lasts exactly as long as the faults. */
  feed(n: number): Promise<void>
  strike(n: number): Promise<void>
  /** Told with each fault. */
  status(): string
}

/** Feeds, waits a random moment and strikes, `count` times. */
export async function inflict(plan: FaultPlan, { random, say }: Setting): Promise<void> {
  for (let n = 0; n < plan.count; n += 1) {
    await Promise.all([delay(random.between(...plan.everyMs)), plan.feed(n)])
    await plan.strike(n)
    say(`fault ${n + 1} of ${plan.count}; ${plan.status()}`)
  }
}

/** The part of `total` that falls into the nth of `parts`, so that all parts together make `total`. */
export function share(total: number, parts: number, n: number): number {
  return Math.floor((total * (n + 1)) / parts) - Math.floor((total * n) / parts)
}
