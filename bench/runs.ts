// Durable steps of one worker process, Freehold's and its peers', on the same work in the same run.
// `npm run bench -- runs [--quick] [--only freehold,langgraph] [--rounds 3] [--seconds 4]`
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asSuperuser, type PostgresServer, startPostgres } from '@freehold/testkit'
import { openCeiling } from './ceiling.ts'
import { checkDurability } from './durability.ts'
import { type Measured, type Results, render, writeDocs } from './report.ts'
import { type OpenStore, openPostgresStore, openRestateStore } from './stores.ts'
import { type EngineName, engineNames, startWorker, type WorkerProcess } from './worker-process.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const full = !values.quick && !values.only
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
/** Length that a cell aims at; one wave of runs can take longer. */
const cellSeconds = Number(values.seconds ?? (values.quick ? 1 : 4))
/** A cell that took longer is measured once. */
const repeatedUpToSeconds = 40
const ceilingSeconds = 3
const chosen = values.only ? parseEngines(values.only) : engineNames
const loopCounts = values.quick ? [10, 100] : [10, 100, 500]
const concurrencies = [1, 8, 32]
/** Like the ceiling, the variant is of interest under load only. */
const underLoadOnly: EngineName[] = ['freehold-no-sharing']

interface Contender {
  engine: EngineName
  store: OpenStore
  worker: WorkerProcess
}

const server = await startPostgres()
const contenders: Contender[] = []
try {
  const durability: Results['durability'] = {}
  for (const engine of chosen) {
    console.log(`${engine}: killing a worker process in the middle of a run …`)
    const store = await (engine === 'restate' ? openRestateStore() : openPostgresStore(server))
    const worker = startWorker(engine)
    contenders.push({ engine, store, worker })
    durability[engine] = await checkDurability(engine, store.store)
    await worker.call('open', store.store)
    await worker.call('execute', { loops: 100, concurrency: 8, waves: 1 }) // the compilers' warm-up
  }
  const ceiling = await openCeiling(server)
  const measured: Measured[] = []
  for (let round = 1; round <= rounds; round += 1) {
    for (const loops of loopCounts) {
      for (const concurrency of concurrencies) {
        measured.push(...(await measureGroup(round, loops, concurrency, measured)))
      }
    }
  }
  const results: Results = {
    machine: { cpu: cpus()[0]?.model, cores: cpus().length, memoryBytes: totalmem(), node: process.version },
    postgres: await readSettings(server),
    ceilingClient: ceiling.client,
    durability,
    measured,
  }
  console.log(render(results))
  if (full) await keep(results)

  async function measureGroup(
    round: number,
    loops: number,
    concurrency: number,
    before: readonly Measured[],
  ): Promise<Measured[]> {
    const group: Measured[] = []
    const ceilings: number[] = []
    const underLoad = concurrency === Math.max(...concurrencies)
    if (underLoad) ceilings.push(await ceiling.insertsPerSecond(ceilingSeconds))
    for (const contender of contenders) {
      const { engine } = contender
      if (underLoadOnly.includes(engine) && !underLoad) continue
      const known = before.find((cell) => isSameCell(cell, { engine, loops, concurrency }))
      if (known && known.seconds > repeatedUpToSeconds) continue
      const cell = await measureCell(contender, loops, concurrency)
      group.push({ round, ...cell })
      console.log(
        `round ${round}: ${engine}, ${loops} loops × ${concurrency}: ${Math.round(cell.stepsPerSecond)} steps/s`,
      )
      if (underLoad && engine.startsWith('freehold')) ceilings.push(await ceiling.insertsPerSecond(ceilingSeconds))
    }
    const perSecond = ceilings.reduce((sum, each) => sum + each, 0) / ceilings.length
    return underLoad ? group.map((cell) => ({ ...cell, ceilingPerSecond: perSecond })) : group
  }
} finally {
  for (const { worker, store } of contenders) {
    await worker.call('close').catch(() => {})
    await worker.stop()
    await store.close()
  }
  await server.stop()
}

function isSameCell(a: Cellish, b: Cellish): boolean {
  return a.engine === b.engine && a.loops === b.loops && a.concurrency === b.concurrency
}
type Cellish = Pick<Measured, 'engine' | 'loops' | 'concurrency'>

/** Whole waves: every slot executes the same number of runs, one after the other, and all of them end. */
async function measureCell(
  { engine, store, worker }: Contender,
  loops: number,
  concurrency: number,
): Promise<Omit<Measured, 'round'>> {
  const warmUp = { loops: Math.min(loops, 10), concurrency, waves: 1 }
  const { seconds: warmUpSeconds } = await worker.call('execute', warmUp)
  const waveSeconds = (warmUpSeconds * loops) / warmUp.loops
  const waves = Math.max(1, Math.round(cellSeconds / waveSeconds))
  await store.settle()
  const before = await store.sizes()
  const cost = await worker.call('execute', { loops, concurrency, waves })
  const after = await store.sizes()
  const runs = concurrency * waves
  const steps = runs * loops * 2
  return {
    engine,
    loops,
    concurrency,
    runs,
    seconds: cost.seconds,
    stepsPerSecond: steps / cost.seconds,
    workerCpuMicrosPerStep: (cost.cpuSeconds * 1e6) / steps,
    statementsPerStep: cost.statements === null ? null : cost.statements / steps,
    walBytesPerStep: after.wal === null || before.wal === null ? null : (after.wal - before.wal) / steps,
    storedBytesPerStep: (after.stored - before.stored) / steps,
    loadMs: await worker.call('load', cost.lastRun, loops, 3),
  }
}

function parseEngines(list: string): EngineName[] {
  return list.split(',').map((name) => {
    const known = engineNames.find((each) => each === name)
    if (!known) throw new Error(`There is no engine "${name}": choose from ${engineNames.join(', ')}.`)
    return known
  })
}

async function readSettings({ port }: PostgresServer): Promise<Record<string, string>> {
  const rows = await asSuperuser<{ name: string; setting: string }>(
    `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    `select name, setting from pg_settings
      where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers')`,
  )
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
}

async function keep(results: Results): Promise<void> {
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'runs.json'), `${JSON.stringify(results, null, 2)}\n`)
  await writeDocs(results)
}
