import { setTimeout as delay } from 'node:timers/promises'
import { defineProgram, type Program } from '@freehold/runtime'

/** `n` steps of `ms` milliseconds each: the message is `<n> <ms>`. */
const working = defineProgram('working', async (run) => {
  const [count = 0, pauseMs = 0] = run.message.split(' ').map(Number)
  for (let n = 0; n < count; n += 1) await run.step('work', () => delay(pauseMs, n))
  return count
})

/** Does what the message says: `throw`, `hang`, `kill` its worker, or work as above. */
const poisonous = defineProgram('poisonous', async (run) => {
  if (run.message === 'throw') throw new Error('poisoned: throws')
  if (run.message === 'hang') await run.step('hang', () => new Promise<void>(() => {}))
  if (run.message === 'kill') await run.step('kill', () => process.kill(process.pid, 'SIGKILL'))
  return working.execute(run)
})

/** What the chaos suite adds to the platform. */
export const programs: readonly Program[] = [working, poisonous]
