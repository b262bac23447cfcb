import type { RunEvent } from '@freehold/contracts'
import {
  type Cluster,
  type EffectLedger,
  type ScriptedModel,
  startCluster,
  startEffectLedger,
  waitFor,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finishedSteps, readJournal, untilEnded, untilJournaled } from './journal.ts'
import { startPayingModel } from './payments.ts'

let ledger: EffectLedger
let model: ScriptedModel

beforeAll(async () => {
  ledger = await startEffectLedger()
  model = await startPayingModel(ledger)
})

afterAll(async () => {
  await Promise.all([model[Symbol.asyncDispose](), ledger[Symbol.asyncDispose]()])
})

function environment(): Record<string, string> {
  return { FREEHOLD_EGRESS_ALLOW: ledger.host, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: model.url }
}

async function startRun({ client }: Cluster, message: string): Promise<string> {
  return (await client.startRun({ params: { name: 'assistant' }, body: { message } })).id
}

function workerOf(event: RunEvent): string {
  if (event.type !== 'run.started' && event.type !== 'run.resumed') throw new Error(`no worker in ${event.type}`)
  return event.data.worker
}

describe('three workers with the default lease', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ workers: 3, env: environment() })
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  it('the runs of a killed worker go on at another one within 20 s, and no effect happens twice', async () => {
    const paths = ['/t1', '/t2', '/t3', '/t4']
    for (const path of paths) ledger.behave(path, { kind: 'hang' })
    const runs = await Promise.all(paths.map((path) => startRun(cluster, `pay ${path}-before then ${path}`)))
    await Promise.all(paths.map((path) => ledger.nthArrival(path, 1)))
    const first = await untilJournaled(cluster.client, runs[0] ?? '', ({ type }) => type === 'run.started')
    const victim = workerOf(first)

    const killedAt = performance.now()
    await cluster.workerNamed(victim).kill('SIGKILL')
    const journals = await Promise.all(
      runs.map(async (runId) => ({ runId, events: await readJournal(cluster.client, runId) })),
    )
    const orphans = journals.filter(({ events }) =>
      events.some((event) => event.type === 'run.started' && workerOf(event) === victim),
    )
    const takeovers = await Promise.all(
      orphans.map(async ({ runId }) => {
        const resumed = await untilJournaled(cluster.client, runId, ({ type }) => type === 'run.resumed')
        return { worker: workerOf(resumed), tookMs: Math.round(performance.now() - killedAt) }
      }),
    )
    console.log(
      `takeover of ${orphans.length} runs after kill -9, lease 15 s: ${takeovers.map(({ tookMs }) => tookMs)} ms`,
    )
    for (const path of paths) ledger.release(path)
    const ended = await Promise.all(runs.map((runId) => untilEnded(cluster.client, runId)))

    for (const { worker, tookMs } of takeovers) {
      expect(worker).not.toBe(victim)
      expect(tookMs).toBeLessThan(20_000)
    }
    for (const [index, events] of ended.entries()) {
      expect(events.at(-1)).toMatchObject({ type: 'run.succeeded', data: { output: 'all paid' } })
      expect(finishedSteps(events)).toEqual(['model:1', 'tool:1', 'model:2', 'tool:2', 'model:3'])
      expect(ledger.arrivals(`${paths[index]}-before`)).toHaveLength(1)
      expect(ledger.effects(paths[index])).toHaveLength(1)
    }
  }, 60_000)
})

describe('a worker that was stopped past its lease and goes on', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({ workers: 2, env: { ...environment(), FREEHOLD_LEASE_MS: '1500' } })
  })
  afterAll(() => cluster?.[Symbol.asyncDispose]())

  /** Starts a run that hangs at `path`, stops its worker, and waits for another to take the run over. */
  async function stopAtCall(path: string, message: string) {
    ledger.behave(path, { kind: 'hang' })
    const runId = await startRun(cluster, message)
    await ledger.nthArrival(path, 1)
    const started = await untilJournaled(cluster.client, runId, ({ type }) => type === 'run.started')
    const stale = cluster.workerNamed(workerOf(started))
    const stoppedAt = performance.now()
    await stale.kill('SIGSTOP')
    const resumed = await untilJournaled(cluster.client, runId, ({ type }) => type === 'run.resumed')
    console.log(`takeover after SIGSTOP, lease 1.5 s: ${Math.round(performance.now() - stoppedAt)} ms`)
    expect(workerOf(resumed)).not.toBe(workerOf(started))
    return { runId, stale }
  }

  function lostLease(logs: Record<string, unknown>[], runId: string): boolean {
    return logs.some(
      (entry) => entry.runId === runId && JSON.stringify(entry).includes(`The lease on run ${runId} was lost`),
    )
  }

  it('changes nothing in the journal of a run that has ended meanwhile, and logs that it lost the lease', async () => {
    const { runId, stale } = await stopAtCall('/stopped', 'pay /stopped then /after')
    ledger.release('/stopped') // the stale worker's socket now holds an answer that it has not read
    const ended = await untilEnded(cluster.client, runId)
    await stale.kill('SIGCONT')
    await waitFor(() => lostLease(stale.logEntries(), runId), { what: 'the log line about the lost lease' })
    expect(await readJournal(cluster.client, runId)).toEqual(ended)
    expect(finishedSteps(ended)).toEqual(['model:1', 'tool:1', 'model:2', 'tool:2', 'model:3'])
    expect(ledger.effects('/stopped')).toHaveLength(1)
    expect(ledger.arrivals('/after')).toHaveLength(1)
  })

  it('adds nothing to a run that the other worker is still at, which ends once', async () => {
    const { runId, stale } = await stopAtCall('/first', 'pay /first then /second')
    ledger.behave('/second', { kind: 'hang' })
    ledger.release('/first')
    await ledger.nthArrival('/second', 1)
    const before = await readJournal(cluster.client, runId)
    await stale.kill('SIGCONT')
    await waitFor(() => lostLease(stale.logEntries(), runId), { what: 'the log line about the lost lease' })
    expect(await readJournal(cluster.client, runId)).toEqual(before)
    ledger.release('/second')
    const events = await untilEnded(cluster.client, runId)
    expect(finishedSteps(events)).toEqual(['model:1', 'tool:1', 'model:2', 'tool:2', 'model:3'])
    expect(events.filter(({ type }) => type === 'run.succeeded')).toHaveLength(1)
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
    expect(ledger.arrivals('/second')).toHaveLength(1)
  })
})
