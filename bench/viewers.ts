// 200 viewers of one run while it makes 1,000 events: statements that read its journal per event, and events delivered per
// second. Once with one reader for all of them, as the product does it, and once with a reader for each viewer.
// `npm run bench -- viewers [--viewers 200] [--steps 1000]`
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Caller, watchRun } from '@freehold/core'
import { defineProgram } from '@freehold/runtime'
import { startPostgres, startTestEngine, type TestEngine, tapDatabase } from '@freehold/testkit'

const { values } = parseArgs({
  options: { viewers: { type: 'string', default: '200' }, steps: { type: 'string', default: '1000' } },
})
const viewers = Number(values.viewers)
const steps = Number(values.steps)

interface Measured {
  readers: 'one' | 'one for each viewer'
  journalEvents: number
  readsPerEvent: number
  eventsDeliveredPerSecond: number
}

const server = await startPostgres()
try {
  const program = defineProgram('count', async (run) => {
    for (let step = 0; step < steps; step += 1) await run.step('work', () => step)
  })
  await using engine = await startTestEngine({
    databaseUrl: await server.createDatabase({ migrate: true }),
    programs: [program],
  })
  await engine.newAgent(engine.caller, 'counter', { program: 'count', limits: { maxSteps: steps } })
  await engine.worker()
  const each = await measure(engine, 'one for each viewer')
  const one = await measure(engine, 'one')
  await report(one, each)
} finally {
  await server.stop()
}

async function measure(engine: TestEngine, readers: Measured['readers']): Promise<Measured> {
  const { database, calls } = tapDatabase(engine.database)
  const platform = { ...engine.caller.platform, database }
  // Viewers share a reader when they share a platform.
  const callers = Array.from({ length: viewers }, (): Caller => {
    return { ...engine.caller, platform: readers === 'one' ? platform : { ...platform } }
  })
  const runId = await engine.start('counter')
  const startedAt = performance.now()
  const counts = await Promise.all(callers.map((caller) => countEvents(caller, runId)))
  const seconds = (performance.now() - startedAt) / 1000
  const journalEvents = (await engine.journal(runId)).length
  if (counts.some((count) => count !== journalEvents)) throw new Error('a viewer missed events')
  const reads = calls.filter((name) => name === 'read-events').length
  return {
    readers,
    journalEvents,
    readsPerEvent: reads / journalEvents,
    eventsDeliveredPerSecond: (viewers * journalEvents) / seconds,
  }
}

async function countEvents(caller: Caller, runId: string): Promise<number> {
  let count = 0
  for await (const item of await watchRun(caller, runId, { after: 0, signal: AbortSignal.timeout(600_000) }))
    if ('seq' in item) count += 1
  return count
}

async function report(one: Measured, each: Measured): Promise<void> {
  const ratios = {
    readsPerEvent: one.readsPerEvent / each.readsPerEvent,
    eventsDeliveredPerSecond: one.eventsDeliveredPerSecond / each.eventsDeliveredPerSecond,
  }
  console.table([each, one])
  console.log(`one reader against one for each viewer: ${JSON.stringify(ratios)}`)
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'viewers.json')
  await writeFile(file, `${JSON.stringify({ machine, viewers, results: [each, one], ratios }, null, 2)}\n`)
  console.log(`written to ${file}`)
}
