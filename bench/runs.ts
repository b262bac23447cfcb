// Durable steps per second of one worker process, against the one-insert-per-commit ceiling of the same server in the
// same run. `npm run bench -- runs [--seconds 5] [--rounds 3] [--no-sharing]`
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createAgentSchema } from '@freehold/contracts'
import { type Caller, createAgent, createTenant, LocalBus, openDatabase, startRun } from '@freehold/core'
import { createToolRegistry, defineProgram, type Engine, Worker } from '@freehold/runtime'
import { asSuperuser, startPostgres } from '@freehold/testkit'
import pg from 'pg'
import { openCeiling } from './ceiling.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    // One commit per step, for the comparison without shared commits.
    'no-sharing': { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const ceilingSeconds = Number(values.seconds)
const sharedCommits = !values['no-sharing']
const concurrency = 32
const stepsPerRound = 20_000
const lengths = [5, 50, 200]

interface Measured {
  steps: number
  runs: number
  stepsPerSecond: number
  runsPerSecond: number
  /** Against the mean of the ceilings right before and right after. */
  ratio: number
  statementsPerStep: number
  journalBytesPerStep: number
  storedBytesPerStep: number
  walBytesPerStep: number
}

const server = await startPostgres()
let statements = 0
countStatements()
try {
  const ceiling = await openCeiling(server)
  const bench = await openBench()
  const results: Measured[] = []
  const ceilings: number[] = [await ceiling.insertsPerSecond(ceilingSeconds)]
  for (let round = 1; round <= rounds; round += 1) {
    for (const length of lengths) {
      console.log(`round ${round} of ${rounds}: ${length}-step runs …`)
      const measured = await bench.measure(length)
      const before = ceilings.at(-1) ?? 0
      const after = await ceiling.insertsPerSecond(ceilingSeconds)
      ceilings.push(after)
      results.push({ ...measured, ratio: measured.stepsPerSecond / ((before + after) / 2) })
    }
  }
  await bench.close()
  await report(results, ceilings, ceiling.client)
} finally {
  await server.stop()
}

async function openBench() {
  const url = await server.createDatabase()
  const database = await openDatabase({ url, dataDir: server.folder, poolSize: concurrency, migrate: true })
  const bus = new LocalBus()
  const programs = [...lengths.map((length) => counting(length))]
  const platform = { database, bus, catalogue: { programs: programs.map(({ name }) => name), tools: [] } }
  const operator: Caller = {
    platform,
    actor: { kind: 'operator', id: 'bench', name: 'bench' },
    tenantId: null,
    permissions: new Set(['platform:tenants:write']),
    requestId: 'bench',
  }
  const tenant = await createTenant(operator, { name: 'bench' })
  const caller: Caller = { ...operator, tenantId: tenant.id, permissions: new Set(['agents:write', 'runs:start']) }
  for (const { name } of programs) {
    await createAgent(caller, createAgentSchema.parse({ name, program: name, limits: { maxSteps: 1000 } }))
  }
  let ended = 0
  let onEnd = () => {}
  const engine: Engine = {
    database,
    bus,
    programs: new Map(programs.map((program) => [program.name, program])),
    tools: createToolRegistry(),
    callModel: () => Promise.reject(new Error('the benchmark asks no model')),
    operatorAllow: [],
    logger: {
      info: () => {
        ended += 1
        onEnd()
      },
      warn: console.warn,
      error: console.error,
    },
    leaseMs: 15_000,
  }

  async function measure(length: number): Promise<Omit<Measured, 'ratio'>> {
    const runs = Math.ceil(stepsPerRound / length)
    const start = { agent: `count-${length}`, message: 'count', environment: 'production', metadata: {} } as const
    await asSuperuser(url, 'vacuum analyze')
    await asSuperuser(url, 'checkpoint')
    statements = 0
    for (let index = 0; index < runs; index += 1) await startRun(caller, start)
    const before = await readSizes(url)
    ended = 0
    const worker = new Worker(engine, { concurrency, pollMs: 1_000, sharedCommits })
    const startedAt = performance.now()
    await new Promise<void>((resolve) => {
      onEnd = () => ended === runs && resolve()
      worker.start()
    })
    const seconds = (performance.now() - startedAt) / 1000
    await worker.stop(0)
    const after = await readSizes(url)
    const steps = runs * length
    return {
      steps: length,
      runs,
      stepsPerSecond: steps / seconds,
      runsPerSecond: runs / seconds,
      statementsPerStep: statements / steps,
      journalBytesPerStep: (after.rows - before.rows) / steps,
      storedBytesPerStep: (after.stored - before.stored) / steps,
      walBytesPerStep: (after.wal - before.wal) / steps,
    }
  }
  const close = async () => {
    await bus.close()
    await database.close()
  }
  return { measure, close }
}

/** A program of `length` small durable steps. */
function counting(length: number) {
  return defineProgram(`count-${length}`, async (run) => {
    let sum = 0
    for (let index = 0; index < length; index += 1) sum += await run.step('work', () => index)
    return sum
  })
}

/** Counts what the driver sends, transaction control included; the superuser's own looks at the sizes are taken off. */
function countStatements() {
  const query = pg.Client.prototype.query
  // The driver overloads `query`; all that matters here is that each call is one statement.
  pg.Client.prototype.query = function counted(this: pg.Client, ...args: unknown[]) {
    if (this.user === 'postgres' && this.database !== 'postgres') statements += 1
    return Reflect.apply(query, this, args)
  } as typeof query
}

async function readSizes(url: string): Promise<{ rows: number; stored: number; wal: number }> {
  const counted = statements
  const [row] = await asSuperuser<{ rows: string; stored: string; wal: string }>(
    url,
    `select (select coalesce(sum(pg_column_size(e.*)), 0) from run_events e) as rows,
            pg_total_relation_size('run_events') + pg_total_relation_size('run_heads')
              + pg_total_relation_size('agent_runs') as stored,
            pg_current_wal_lsn() - '0/0'::pg_lsn as wal`,
  )
  statements = counted
  return { rows: Number(row?.rows), stored: Number(row?.stored), wal: Number(row?.wal) }
}

async function report(results: Measured[], ceilings: number[], client: string): Promise<void> {
  const median = (numbers: number[]) => {
    const sorted = numbers.toSorted((a, b) => a - b)
    const middle = sorted.length / 2
    return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
  }
  const summary = lengths.map((length) => {
    const rows = results.filter(({ steps }) => steps === length)
    const pick = (key: keyof Measured) => median(rows.map((row) => row[key]))
    return {
      steps: length,
      'steps/s': Math.round(pick('stepsPerSecond')),
      'runs/s': Math.round(pick('runsPerSecond')),
      'of ceiling': Number(pick('ratio').toFixed(3)),
      'statements/step': Number(pick('statementsPerStep').toFixed(3)),
      'journal B/step': Math.round(pick('journalBytesPerStep')),
      'stored B/step': Math.round(pick('storedBytesPerStep')),
      'WAL B/step': Math.round(pick('walBytesPerStep')),
    }
  })
  const perRunMs = (length: number) =>
    1000 / median(results.filter(({ steps }) => steps === length).map(({ runsPerSecond }) => runsPerSecond))
  // What a further step costs, once a run's fixed costs are paid: between 5 and 50 steps, and between 50 and 200.
  const early = (perRunMs(50) - perRunMs(5)) / 45
  const late = (perRunMs(200) - perRunMs(50)) / 150
  console.log(`\nceiling (${client}, 32 clients, one insert per commit): ${Math.round(median(ceilings))} /s`)
  console.table(summary)
  console.log(
    `a further step: ${early.toFixed(3)} ms up to 50, ${late.toFixed(3)} ms up to 200: ratio ${(late / early).toFixed(2)}`,
  )
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  const file = join(folder, sharedCommits ? 'runs.json' : 'runs-no-sharing.json')
  await writeFile(
    file,
    `${JSON.stringify({ machine, sharedCommits, ceiling: { client, perSecond: ceilings }, marginalStepMs: { early, late }, summary, results }, null, 2)}\n`,
  )
  console.log(`written to ${file}`)
}
