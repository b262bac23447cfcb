import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from './engines/engine.ts'
import { type EngineName, startWorker } from './worker-process.ts'

const loops = 50
const dieAfter = 31

export interface Durability {
  /** Effects that had happened when the process was killed, the last of them unknown to the engine. */
  effectsBeforeDeath: number
  /** Effects that happened a second time when another process went on. */
  repeated: string[]
}

/**
 * Kills an engine's worker process in the middle of a run and has another one finish it. Throws unless every step that
 * had returned was found again, so that no figure comes from an engine that isn't durable.
 */
export async function checkDurability(engine: EngineName, store: Store): Promise<Durability> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-ledger-'))
  const ledger = join(folder, 'effects')
  try {
    const doomed = startWorker(engine)
    await doomed.call('open', store)
    await doomed.call('keepLedger', ledger, dieAfter)
    const outcome = await doomed.call('run', 'crash', loops).catch(() => 'died')
    await doomed.stop()
    if (outcome !== 'died') throw new Error(`${engine}: the worker process outlived effect ${dieAfter}`)

    const heir = startWorker(engine)
    // No `dieAfter`: the effects go on in the same ledger.
    await heir.call('keepLedger', ledger, Number.POSITIVE_INFINITY)
    await heir.call('open', store)
    await heir.call('load', await heir.call('resume', 'crash', loops), loops, 1)
    await heir.call('close')
    await heir.stop()

    const effects = (await readFile(ledger, 'utf8')).trimEnd().split('\n')
    const repeated = effects.filter((effect, index) => effects.indexOf(effect) !== index)
    if (new Set(effects).size !== 2 * loops) throw new Error(`${engine}: steps were lost`)
    if (repeated.some((effect) => effect !== effects[dieAfter - 1])) {
      throw new Error(`${engine}: steps that had returned happened again: ${repeated.join(', ')}`)
    }
    return { effectsBeforeDeath: dieAfter, repeated }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
