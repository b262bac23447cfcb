import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterTenant } from '@freehold/testkit'
import { auditRuns, runClaims } from '../audit.ts'
import { atLeast, atMost, defineExperiment } from '../experiment.ts'
import { p95 } from '../figures.ts'
import { createAgent, openGround } from '../ground.ts'
import { forEach, occasionally, readLatencies, startRun, untilAllEnded } from '../load.ts'

export const noisyNeighbour = defineExperiment({
  number: 10,
  title: 'a noisy neighbour',
  fault: 'Tenant A queues 5,000 runs; tenant B starts 50 beside them, as it did alone before.',
  loads: {
    full: { noisy: 5_000, quiet: 50, quietPerSecond: 5, work: '5 200', workers: 2 },
    small: { noisy: 1_200, quiet: 20, quietPerSecond: 10, work: '5 200', workers: 1 },
  },
  async run(load, { say }) {
    await using ground = await openGround({ workers: load.workers, leaseMs: 15_000 })
    const { cluster } = ground
    const url = cluster.gateway.url
    const a = { url, apiKey: cluster.apiKey }
    const b = await cluster.createTenant('quiet')
    await createAgent(cluster.client, 'working', { program: 'working' })
    await createAgent(b.client, 'working', { program: 'working' })

    /** B's runs at a steady pace; from queue to end, in milliseconds. */
    const measure = async (name: string): Promise<number[]> => {
      const ids: string[] = []
      for (let n = 0; n < load.quiet; n += 1) {
        const request = { agent: 'working', message: load.work, idempotencyKey: `${name}-${n}` }
        ids.push(await startRun({ url, apiKey: b.apiKey }, request))
        await delay(1_000 / load.quietPerSecond)
      }
      await untilAllEnded(b.client, 600_000)
      return readLatencies(b.client, new Set(ids))
    }
    const alone = await measure('alone')
    say(`B alone: p95 ${p95(alone)} ms`)
    // So that the backlog is whole when B comes.
    for (const worker of cluster.workers.splice(0)) await worker.kill('SIGTERM')
    let queued = 0
    const tell = occasionally(() => say(`${queued} of ${load.noisy} runs of A queued`))
    await forEach(load.noisy, 16, async (n) => {
      await startRun(a, { agent: 'working', message: load.work, idempotencyKey: `noisy-${n}` })
      queued += 1
      tell()
    })
    for (let n = 0; n < load.workers; n += 1) await cluster.startWorker()
    const beside = await measure('beside')
    const backlog = await countQueued(cluster)
    say(`B beside A: p95 ${p95(beside)} ms`)
    await untilAllEnded(cluster.client, 900_000)

    return {
      enough: [
        atLeast('runs of B measured', Math.min(alone.length, beside.length), load.quiet),
        atLeast("runs of A still queued when B's were done", backlog, 1),
      ],
      claims: [
        ...runClaims(await auditRuns(cluster.databaseUrl), load.noisy + 2 * load.quiet),
        atMost("B's p95 beside A, as a multiple of alone", p95(beside) / p95(alone), 2),
      ],
      figures: { "B's p95 alone (ms)": p95(alone), "B's p95 beside A (ms)": p95(beside) },
    }
  },
})

/** Up to a page of them, which is enough to know that there is a backlog. */
async function countQueued({ client }: Pick<ClusterTenant, 'client'>): Promise<number> {
  return (await client.listRuns({ query: { status: 'queued', limit: 100 } })).items.length
}
