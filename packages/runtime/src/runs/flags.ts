import type { BoundFlags } from '@freehold/core'
import type { FlagValue } from './program.ts'
import type { Steps } from './steps.ts'

/** What the program can do without: its own fallback is what it gets then. */
const answered = new Set<string | undefined>([undefined, 'FLAG_NOT_FOUND', 'TYPE_MISMATCH', 'TARGETING_KEY_MISSING'])

/** Asks for a flag once: the journal has the answer, so that a replay decides the same, whatever became of the flag. */
export async function askFlag<T extends FlagValue>(steps: Steps, name: string, fallback: T): Promise<T> {
  const step = steps.take(`flag:${name}`, 0)
  const known = steps.replay.find(step, 'step.finished')
  // What this step returned before, through JSON.
  if (known) return known.output as T
  const output = await steps.effect(() => evaluate(steps, name, fallback))
  steps.append({ type: 'step.finished', data: { step, name: `flag:${name}`, output } })
  return output
}

async function evaluate<T extends FlagValue>({ engine, claimed }: Steps, name: string, fallback: T): Promise<T> {
  const { lease, environment, threadId, agent } = claimed
  const client = engine.flags
    .bind(lease.tenantId, environment)
    .client({ targetingKey: threadId, attributes: { agent, version: claimed.version } })
  const { value, errorCode, errorMessage } = await readDetails(client, name, fallback)
  // A fallback of this moment must not become what the run has decided.
  if (!answered.has(errorCode)) throw new Error(`the flag "${name}" can't be read: ${errorMessage ?? errorCode}`)
  // The client gives back the type of the fallback.
  return value as T
}

function readDetails(client: ReturnType<BoundFlags['client']>, name: string, fallback: FlagValue) {
  if (typeof fallback === 'boolean') return client.getBooleanDetails(name, fallback)
  if (typeof fallback === 'string') return client.getStringDetails(name, fallback)
  if (typeof fallback === 'number') return client.getNumberDetails(name, fallback)
  return client.getObjectDetails(name, fallback)
}
