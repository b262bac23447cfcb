import { type Audit, auditRuns, journalClaims, readRuns } from '../audit.ts'
import { atLeast, atMost, defineExperiment, exactly, type Setting } from '../experiment.ts'
import { p95 } from '../figures.ts'
import { createAgent, openGround, untilWorkers } from '../ground.ts'
import { arrive, occasionally, startRun, untilAllEnded } from '../load.ts'

const poisons = ['throw', 'hang', 'kill'] as const

interface Load {
  runs: number
  poisoned: number
  /** Runs without poison, for comparison. */
  clean: number
  perSecond: number
  work: string
  workers: number
  concurrency: number
  leaseMs: number
  maxAttempts: number
  attemptTimeoutMs: number
}

export const poison = defineExperiment({
  number: 6,
  title: 'poisoned runs',
  fault:
    '1 % of the runs throw, hang for ever or kill their worker, each time they are tried. Runs come at an even pace.',
  loads: {
    full: {
      runs: 10_000,
      poisoned: 100,
      clean: 1_000,
      // So slow that the cores, which start a worker every few seconds, are not what is measured.
      perSecond: 10,
      work: '3 50',
      workers: 4,
      concurrency: 8,
      leaseMs: 5_000,
      maxAttempts: 5,
      attemptTimeoutMs: 3_000,
    },
    small: {
      runs: 300,
      poisoned: 3,
      clean: 100,
      perSecond: 20,
      work: '3 50',
      workers: 2,
      concurrency: 8,
      leaseMs: 1_500,
      maxAttempts: 3,
      attemptTimeoutMs: 1_000,
    },
  },
  async run(load: Load, setting: Setting) {
    const clean = await runLoad({ ...load, runs: load.clean, poisoned: 0 }, setting)
    const mixed = await runLoad(load, setting)
    const isPoison = ({ message }: { message: string }) => (poisons as readonly string[]).includes(message)
    const poisoned = mixed.runs.filter(isPoison)
    const others = mixed.runs.filter((run) => !isPoison(run))
    const latencies = { clean: clean.runs.map(toLatency), others: others.map(toLatency) }
    return {
      enough: [
        atLeast('poisoned runs', poisoned.length, load.poisoned),
        ...poisons.map((kind) =>
          atLeast(
            `that ${kind}`,
            poisoned.filter(({ message }) => message === kind).length,
            Math.floor(load.poisoned / 3),
          ),
        ),
        // Two of them can share a death.
        atLeast('workers that died of it', mixed.deaths, Math.floor(load.poisoned / 3) * (load.maxAttempts - 1)),
      ],
      claims: [
        exactly(
          'poisoned runs that are not dead',
          poisoned.filter(({ dead, status }) => !dead || status !== 'failed').length,
          0,
        ),
        exactly(
          `poisoned runs with other than ${load.maxAttempts} attempts`,
          poisoned.filter(({ attempts }) => attempts !== load.maxAttempts).length,
          0,
        ),
        exactly('other runs that did not succeed', others.filter(({ status }) => status !== 'succeeded').length, 0),
        exactly('runs that are stuck', mixed.audit.stuck, 0),
        ...journalClaims(mixed.audit),
        atMost(
          'p95 of the others, as a multiple of that without poison',
          p95(latencies.others) / p95(latencies.clean),
          1.2,
        ),
      ],
      figures: { 'p95 without poison (ms)': p95(latencies.clean), 'p95 of the others (ms)': p95(latencies.others) },
    }
  },
})

const toLatency = ({ latencyMs }: { latencyMs: number }): number => latencyMs

/** The same pace and work each time; some of the runs are poisoned, or none. */
async function runLoad(load: Load, { random, say }: Setting): Promise<{ runs: Runs; audit: Audit; deaths: number }> {
  await using ground = await openGround({ workers: 0, leaseMs: load.leaseMs, concurrency: load.concurrency })
  const { cluster } = ground
  const { maxAttempts, attemptTimeoutMs } = load
  await createAgent(cluster.client, 'poisonous', { program: 'poisonous', limits: { maxAttempts, attemptTimeoutMs } })
  const messages = random.shuffle(
    Array.from({ length: load.runs }, (_, n) => (n < load.poisoned ? (poisons[n % poisons.length] ?? '') : load.work)),
  )
  const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }

  // What a supervisor does: a worker that died is started again.
  const supervision = { deaths: 0, over: false }
  const keepOne = async (): Promise<void> => {
    while (!supervision.over) {
      const worker = await cluster.startWorker().catch((error: Error) => {
        // It claimed a poisoned run, and died of it, before it had said that it is ready.
        if (!error.message.startsWith('The server ended')) throw error
      })
      if (worker) await Promise.race([worker.exited(), ended.promise])
      if (!supervision.over) supervision.deaths += 1
    }
  }
  const ended = Promise.withResolvers<void>()
  const lanes = Array.from({ length: load.workers }, keepOne)
  let started = 0
  const tell = occasionally(() => say(`${started} runs started, ${supervision.deaths} workers died`), 10_000)
  await untilWorkers(cluster, load.workers)
  await arrive(load.runs, load.perSecond, async (n) => {
    await startRun(door, { agent: 'poisonous', message: messages[n] ?? '', idempotencyKey: `run-${n}` })
    started += 1
    tell()
  })
  await untilAllEnded(cluster.client, 1_800_000, tell)
  supervision.over = true
  ended.resolve()
  await Promise.all(lanes)
  const [runs, audit] = [await readRuns(cluster.databaseUrl, 'poisonous'), await auditRuns(cluster.databaseUrl)]
  return { runs, audit, deaths: supervision.deaths }
}

type Runs = Awaited<ReturnType<typeof readRuns>>
