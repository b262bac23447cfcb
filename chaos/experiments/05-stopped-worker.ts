import { setTimeout as delay } from 'node:timers/promises'
import { asSuperuser } from '@freehold/testkit'
import { auditRuns, effectClaims, effectFigures, runClaims } from '../audit.ts'
import { atLeast, defineExperiment, exactly } from '../experiment.ts'
import { inflict, share } from '../faults.ts'
import { openGround, payment, paymentPaths, untilBusyWorker } from '../ground.ts'
import { forEach, occasionally, startRun, untilAllEnded } from '../load.ts'

export const stoppedWorker = defineExperiment({
  number: 5,
  title: 'a worker is stopped past its lease and goes on',
  fault: 'SIGSTOP of the busiest worker in the middle of its tool calls, and SIGCONT after three leases.',
  loads: {
    full: { runs: 400, stops: 20, everyMs: [500, 1_500] as const, workers: 3, leaseMs: 5_000 },
    small: { runs: 32, stops: 2, everyMs: [300, 800] as const, workers: 2, leaseMs: 1_000 },
  },
  async run(load, setting) {
    const { random, say } = setting
    await using ground = await openGround({ workers: load.workers, leaseMs: load.leaseMs })
    const { cluster, ledger } = ground
    const workers = [...cluster.workers]
    // Slow enough that a stopped worker has calls under way, whose answers it finds when it goes on.
    ledger.behaveBy(() => ({ kind: 'delay', delayMs: random.between(0.1, 0.6) * load.leaseMs }))
    const door = { url: cluster.gateway.url, apiKey: cluster.apiKey }
    const labels: string[] = []
    const ended = new Map<string, string>()

    await inflict(
      {
        count: load.stops,
        everyMs: load.everyMs,
        feed: (n) =>
          forEach(share(load.runs, load.stops, n), 8, async () => {
            const label = `run-${labels.length}`
            labels.push(label)
            await startRun(door, { agent: 'payer', message: payment(label, 5), idempotencyKey: label })
          }),
        async strike() {
          const victim = await untilBusyWorker(cluster)
          await victim.kill('SIGSTOP')
          await delay(3 * load.leaseMs)
          // What has ended by now must read the same at the end, whatever the stopped worker still believes.
          for (const [run, journal] of await readEnded(cluster.databaseUrl))
            if (!ended.has(run)) ended.set(run, journal)
          await victim.kill('SIGCONT')
        },
        status: () =>
          `${labels.length} runs started, ${ledger.effects().length} effects, ${refusals(workers)} refusals`,
      },
      setting,
    )
    const tell = occasionally(() => say(`${ledger.effects().length} effects, ${refusals(workers)} refusals`))
    await untilAllEnded(cluster.client, 600_000, tell)

    const final = await readEnded(cluster.databaseUrl)
    return {
      enough: [
        atLeast('stops', load.stops, load.stops),
        atLeast('refusals by the fencing token', refusals(workers), load.stops),
        atLeast('runs that ended before a stopped worker went on', ended.size, load.stops),
      ],
      claims: [
        ...runClaims(await auditRuns(cluster.databaseUrl), load.runs),
        ...effectClaims(
          ledger,
          labels.flatMap((label) => paymentPaths(label, 5)),
        ),
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
