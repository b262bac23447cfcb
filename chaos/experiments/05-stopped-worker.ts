import { setTimeout as delay } from 'node:timers/promises'
import { asSuperuser } from '@freehold/testkit'
import { effectFigures } from '../audit.ts'
import { atLeast, defineExperiment, exactly } from '../experiment.ts'
import { inflict } from '../faults.ts'
import { openGround, untilBusyWorker } from '../ground.ts'
import { openPayments } from '../payments.ts'

export const stoppedWorker = defineExperiment({
  number: 5,
  title: 'a worker is stopped past its lease and goes on',
  fault: 'SIGSTOP of the busiest worker in the middle of its tool calls, and SIGCONT after three leases.',
  loads: {
    full: { runs: 400, stops: 20, everyMs: [500, 1_500] as const, workers: 3, leaseMs: 5_000 },
    small: { runs: 32, stops: 2, everyMs: [300, 800] as const, workers: 2, leaseMs: 1_000 },
  },
  async run(load, setting) {
    const { random } = setting
    await using ground = await openGround({ workers: load.workers, leaseMs: load.leaseMs })
    const { cluster, ledger } = ground
    const workers = [...cluster.workers]
    // Slow enough that a stopped worker has calls under way, whose answers it finds when it goes on.
    ledger.behaveBy(() => ({ kind: 'delay', delayMs: random.between(0.1, 0.6) * load.leaseMs }))
    const payments = openPayments(ground, { runs: load.runs, faults: load.stops }, setting)
    const ended = new Map<string, string>()

    await inflict(
      {
        count: load.stops,
        everyMs: load.everyMs,
        feed: payments.feed,
        async strike() {
          const victim = await untilBusyWorker(cluster)
          await victim.kill('SIGSTOP')
          await delay(3 * load.leaseMs)
          // What has ended by now must read the same at the end, whatever the stopped worker still believes.
          for (const [run, journal] of await readEnded(cluster.databaseUrl))
            if (!ended.has(run)) ended.set(run, journal)
          await victim.kill('SIGCONT')
        },
        status: () => `${payments.status()}, ${refusals(workers)} refusals`,
      },
      setting,
    )
    await payments.untilPaid()

    const final = await readEnded(cluster.databaseUrl)
    return {
      enough: [
        atLeast('refusals by the fencing token', refusals(workers), load.stops),
        atLeast('runs that ended before a stopped worker went on', ended.size, load.stops),
      ],
      claims: [
        ...(await payments.claims()),
        exactly(
          'journals that changed after their end',
          [...ended].filter(([run, journal]) => final.get(run) !== journal).length,
          0,
        ),
      ],
      figures: effectFigures(ledger),
    }
  },
})

/** What the workers logged about leases that they found lost. */
function refusals(workers: readonly { logs(): string }[]): number {
  return workers.reduce(
    (sum, worker) => sum + worker.logs().split('run given up; another claim will resume it').length - 1,
    0,
  )
}

/** A digest of the journal of each run that has ended. */
async function readEnded(databaseUrl: string): Promise<Map<string, string>> {
  const rows = await asSuperuser<{ run_id: string; digest: string }>(
    databaseUrl,
    `select e.run_id, md5(string_agg(e.seq || e.type || e.data::text, ',' order by e.seq)) as digest
       from run_events e join agent_runs r on r.tenant_id = e.tenant_id and r.id = e.run_id
      where r.status in ('succeeded', 'failed', 'cancelled') group by e.run_id`,
  )
  return new Map(rows.map(({ run_id, digest }) => [run_id, digest]))
}
