import { effectFigures, type Kill, readTakeovers } from '../audit.ts'
import { atLeast, atMost, defineExperiment } from '../experiment.ts'
import { inflict } from '../faults.ts'
import { p95 } from '../figures.ts'
import { openGround, untilBusyWorker, untilWorkers } from '../ground.ts'
import { openPayments } from '../payments.ts'

export const killedWorkers = defineExperiment({
  number: 1,
  title: 'workers are killed',
  fault: 'SIGKILL of a random worker every 2–5 s, replaced at once, while each run pays 5 times.',
  loads: {
    full: {
      runs: 1_000,
      kills: 75,
      everyMs: [2_000, 5_000] as const,
      callMs: { least: 50, most: 500 },
      victim: 'random',
      workers: 4,
      leaseMs: 15_000,
      takeoverMs: 20_000,
    },
    small: {
      runs: 30,
      kills: 3,
      everyMs: [500, 1_500] as const,
      // Longer than a worker takes to start, so that runs are under way at every kill.
      callMs: { least: 500, most: 1_500 },
      victim: 'busiest',
      workers: 2,
      leaseMs: 1_500,
      takeoverMs: 20_000,
    },
  },
  async run(load, setting) {
    const { random } = setting
    await using ground = await openGround({ workers: load.workers, leaseMs: load.leaseMs })
    const { cluster, ledger } = ground
    // Most of a run's time passes inside of a tool call, where a kill leaves the outcome in doubt.
    ledger.behaveBy(() => ({ kind: 'delay', delayMs: random.between(load.callMs.least, load.callMs.most) }))
    const payments = openPayments(ground, { runs: load.runs, faults: load.kills }, setting)
    const kills: Kill[] = []

    await inflict(
      {
        count: load.kills,
        everyMs: load.everyMs,
        feed: payments.feed,
        async strike() {
          // One survives, so that a takeover measures the lease and not the start of a process.
          const workers = await untilWorkers(cluster, 2)
          // Of few kills each must cut something off.
          const victim = load.victim === 'busiest' ? await untilBusyWorker(cluster) : random.pick(workers)
          kills.push({ pid: victim.pid, atMs: Date.now() })
          await cluster.replaceWorker(victim, 'SIGKILL')
        },
        status: payments.status,
      },
      setting,
    )
    await payments.untilPaid()

    const takeovers = await readTakeovers(cluster.databaseUrl, kills)
    return {
      enough: [
        atLeast('kills', kills.length, load.kills),
        atLeast('runs that a kill interrupted', takeovers.length, load.kills),
      ],
      claims: [...(await payments.claims()), atMost('takeover p95 (ms)', p95(takeovers), load.takeoverMs)],
      figures: effectFigures(ledger),
    }
  },
})
