import { createHash } from 'node:crypto'
import { agentConfigSchema, type CanaryRules, canaryRulesSchema, createWebhookSchema } from '@freehold/contracts'
import {
  createAgentVersion,
  createWebhook,
  getRelease,
  listAudit,
  listReleaseHistory,
  listRuns,
  rollBackRelease,
  setRelease,
  startRun,
} from '@freehold/core'
import { type PostgresServer, startPostgres, startTestEngine, type TestEngine, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineProgram } from '../index.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

/** Behaves as the system prompt of its version says. */
const helper = defineProgram('helper', async (run) => {
  if (run.systemPrompt === 'fail') throw new Error('this version is broken')
  if (run.systemPrompt === 'ask') return (await run.model({ messages: [{ role: 'user', content: 'hello' }] })).text
  return 'done'
})
const boss = defineProgram('boss', (run) => run.delegate({ agent: 'helper', message: 'go' }))

const place = { agent: 'helper', environment: 'production' } as const

async function open(): Promise<TestEngine> {
  return startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [helper, boss],
    callModel: async ({ model }) => ({
      model,
      demo: true,
      text: 'hello',
      toolCalls: [],
      finishReason: 'stop',
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
      // The first version asks `default`, the canary a model that costs more.
      costNanos: model === 'default' ? 100 : 151,
      latencyMs: 1,
      attempts: 1,
    }),
  })
}

/** Adds a version and lets it be a canary in production. */
async function startCanary(engine: TestEngine, system: string, rules: Partial<CanaryRules> = {}, model = 'default') {
  const config = agentConfigSchema.parse({ program: 'helper', model, prompts: { system }, limits: { maxAttempts: 1 } })
  const { version } = await createAgentVersion(engine.caller, 'helper', config)
  const canary = canaryRulesSchema.parse({ percent: 50, minRuns: 10, ...rules })
  return setRelease(engine.caller, { ...place, version, canary })
}

function start(engine: TestEngine, threadId: string): Promise<string> {
  const input = { agent: 'helper', message: 'go', environment: 'production' as const, metadata: {}, threadId }
  return startRun(engine.caller, input).then(({ runId }) => runId)
}

async function versionIn(engine: TestEngine, threadId: string): Promise<number> {
  return (await engine.run(await start(engine, threadId))).version
}

const threads = (count: number, name = 'thread') => Array.from({ length: count }, (_, index) => `${name}-${index}`)

async function runInThreads(engine: TestEngine, names: string[]): Promise<void> {
  const runs = await Promise.all(names.map((name) => start(engine, name)))
  await Promise.all(runs.map((run) => engine.ended(run)))
}

const historyOf = async (engine: TestEngine) => (await listReleaseHistory(engine.caller, { ...place, limit: 50 })).items

it('a canary that fails more is rolled back by itself, once, whoever judges it, and the webhooks are told', async () => {
  await using engine = await open()
  await engine.worker()
  await engine.worker()
  for (const _ of [1, 2, 3]) engine.scheduler()
  const hook = createWebhookSchema.parse({ url: 'https://hooks.invalid/', events: ['release.rolled_back'] })
  await createWebhook(engine.caller, hook)
  await startCanary(engine, 'fail')
  await runInThreads(engine, threads(60))
  await waitFor(async () => (await getRelease(engine.caller, place)).canary === null, { timeoutMs: 20_000 })

  const [rolledBack, started] = await historyOf(engine)
  expect(started).toMatchObject({ kind: 'canary_started', version: 1, canaryVersion: 2, canaryPercent: 50 })
  expect(rolledBack).toMatchObject({
    kind: 'canary_rolled_back',
    version: 1,
    canaryVersion: 2,
    canaryPercent: null,
    by: 'system:canary',
    evidence: { stable: { failed: 0 }, reason: expect.stringMatching(/^100\.0% of its runs failed/) },
  })
  const audited = await listAudit(engine.caller, { subject: 'helper/production', limit: 10 })
  expect(audited.items).toMatchObject([
    {
      actor: 'system:canary',
      action: 'release.rolled-back',
      before: { version: 1, canary: { version: 2 } },
      after: { version: 1, canary: null, evidence: rolledBack?.evidence },
    },
    { action: 'release.set' },
  ])
  const { stable, canary } = rolledBack?.evidence ?? {}
  expect(canary?.failed).toBe(canary?.ended)
  expect((stable?.ended ?? 0) + (canary?.ended ?? 0)).toBeGreaterThanOrEqual(10)

  await runInThreads(engine, threads(20, 'after'))
  const { items } = await listRuns(engine.caller, { agent: 'helper', limit: 200 })
  expect(items.filter(({ threadId }) => threadId.startsWith('after')).map(({ version }) => version)).toEqual(
    Array(20).fill(1),
  )
  const deliveries = await listRuns(engine.caller, { system: true, limit: 10 })
  expect(deliveries.items.map(({ message }) => JSON.parse(message))).toEqual([
    expect.objectContaining({
      type: 'release.rolled_back',
      data: expect.objectContaining({
        agent: 'helper',
        from: 2,
        to: 1,
        automatic: true,
        evidence: rolledBack?.evidence,
      }),
    }),
  ])
  expect((await historyOf(engine)).filter(({ kind }) => kind === 'canary_rolled_back')).toHaveLength(1)
})

it('a canary whose runs cost more is rolled back, too', async () => {
  await using engine = await open()
  const stable = agentConfigSchema.parse({ program: 'helper', prompts: { system: 'ask' } })
  const { version } = await createAgentVersion(engine.caller, 'helper', stable)
  await setRelease(engine.caller, { ...place, version })
  await engine.worker()
  engine.scheduler()
  await startCanary(engine, 'ask', { maxCostPercent: 50 }, 'demo')
  await runInThreads(engine, threads(60))
  await waitFor(async () => (await getRelease(engine.caller, place)).canary === null, { timeoutMs: 20_000 })
  const [rolledBack] = await historyOf(engine)
  expect(rolledBack?.evidence?.reason).toBe('a run cost 151 nano-USD on average; up to 150 was allowed')
})

it('a canary with nearly all threads is judged by what the stable version did before it', async () => {
  await using engine = await open()
  await engine.worker()
  await runInThreads(engine, threads(25, 'before'))
  await startCanary(engine, 'fail', { percent: 99, minRuns: 20 })
  await runInThreads(engine, threads(30))
  engine.scheduler()
  await waitFor(async () => (await getRelease(engine.caller, place)).canary === null, { timeoutMs: 20_000 })
  const [rolledBack] = await historyOf(engine)
  const { stable, earlier } = rolledBack?.evidence ?? {}
  expect(stable?.ended).toBeLessThan(5)
  expect((stable?.ended ?? 0) + (earlier?.ended ?? 0)).toBe(20)
  expect(earlier).toMatchObject({ failed: 0 })
})

it('a canary with nearly all threads whose runs cost more than before it is rolled back', async () => {
  await using engine = await open()
  const config = agentConfigSchema.parse({ program: 'helper', prompts: { system: 'ask' } })
  const { version } = await createAgentVersion(engine.caller, 'helper', config)
  await setRelease(engine.caller, { ...place, version })
  await engine.worker()
  await runInThreads(engine, threads(25, 'before'))
  await startCanary(engine, 'ask', { percent: 99, minRuns: 20 }, 'demo')
  await runInThreads(engine, threads(30))
  engine.scheduler()
  await waitFor(async () => (await getRelease(engine.caller, place)).canary === null, { timeoutMs: 20_000 })
  const [rolledBack] = await historyOf(engine)
  expect(rolledBack?.evidence?.reason).toBe('a run cost 151 nano-USD on average; up to 150 was allowed')
})

it('a canary that is as good as the stable version stays, whatever was judged', async () => {
  await using engine = await open()
  await engine.worker()
  engine.scheduler()
  await startCanary(engine, 'succeed', { minRuns: 5 })
  await runInThreads(engine, threads(60))
  const [ended] = await engine.sql<{ now: Date }>('select clock_timestamp() as now')
  await waitFor(
    async () => {
      const rows = await engine.sql('select 1 from agent_releases where canary_checked_at > $1', [ended?.now])
      return rows.length > 0
    },
    { timeoutMs: 20_000, what: 'the canary to be judged' },
  )
  const { canary } = await getRelease(engine.caller, place)
  expect(canary).toMatchObject({ version: 2, trial: { stable: { failed: 0 }, canary: { failed: 0 } } })
  expect(canary?.trial.canary.ended).toBeGreaterThanOrEqual(5)
})

it('a thread keeps the version that it began with, however the share changes, and about that share is new', async () => {
  await using engine = await open()
  const before = await Promise.all(threads(20, 'older').map((name) => versionIn(engine, name)))
  expect(before).toEqual(Array(20).fill(1))
  await startCanary(engine, 'succeed', { percent: 30 })
  const names = threads(300)
  const began = new Map<string, number>()
  for (const name of names) began.set(name, await versionIn(engine, name))
  const share = [...began.values()].filter((version) => version === 2).length / names.length
  expect(share).toBeGreaterThan(0.15)
  expect(share).toBeLessThan(0.45)

  await engine.sql(`update agent_runs set status = 'succeeded' where status = 'queued'`)
  const rules = canaryRulesSchema.parse({ percent: 90 })
  await setRelease(engine.caller, { ...place, version: 2, canary: rules })
  for (const name of names.slice(0, 100)) expect(await versionIn(engine, name)).toBe(began.get(name))
  for (const name of threads(20, 'older')) expect(await versionIn(engine, name)).toBe(1)
  const later = await Promise.all(threads(50, 'later').map((name) => versionIn(engine, name)))
  expect(later.filter((version) => version === 2).length).toBeGreaterThan(30)
})

it('a run that has started keeps its version when the canary ends, and the next one of its thread does not', async () => {
  await using engine = await open()
  await startCanary(engine, 'succeed', { percent: 99 })
  const runs = await Promise.all(threads(20).map(async (name) => [name, await start(engine, name)] as const))
  const versions = await Promise.all(runs.map(async ([, run]) => (await engine.run(run)).version))
  const [name, run] = runs[versions.indexOf(2)] ?? []
  expect(await rollBackRelease(engine.caller, { ...place, from: 2 })).toMatchObject({ version: 1, canary: null })
  await engine.worker()
  await engine.ended(run ?? '')
  expect((await engine.run(run ?? '')).version).toBe(2)
  expect(await versionIn(engine, name ?? '')).toBe(1)
  expect((await historyOf(engine))[0]).toMatchObject({ kind: 'rollback', version: 1, canaryVersion: 2 })
})

it('delegated and scheduled runs are drawn by their own thread as any other', async () => {
  await using engine = await open()
  await startCanary(engine, 'succeed')
  await engine.worker()
  const parents = await Promise.all(Array.from({ length: 20 }, () => engine.start('boss')))
  await Promise.all(parents.map((run) => engine.ended(run)))
  await engine.sql(
    `insert into schedules (tenant_id, id, name, agent, environment, message, metadata, priority, at, time_zone,
        overlap, catch_up, next_at, created_by)
      select $1, gen_random_uuid(), 'schedule ' || n, 'helper', 'production', 'go', '{}', 1, now(), 'UTC', 'allow',
        'latest', now(), 'test' from generate_series(1, 20) n`,
    [engine.tenantId],
  )
  engine.scheduler()
  const runsOfHelper = async () => (await listRuns(engine.caller, { agent: 'helper', limit: 200 })).items
  await waitFor(async () => (await runsOfHelper()).length === 40, { timeoutMs: 20_000 })
  const [{ id = '' } = {}] = await engine.sql<{ id: string }>(
    'select canary_id as id from agent_releases where canary_id is not null',
  )
  for (const { threadId, version } of await runsOfHelper()) {
    const drawn = createHash('sha256').update(`${id}:${threadId}`).digest().readUInt32BE() % 100
    expect(version).toBe(drawn < 50 ? 2 : 1)
  }
})

it('a canary that did well is released to all, and the trial is over', async () => {
  await using engine = await open()
  await startCanary(engine, 'succeed')
  expect(await setRelease(engine.caller, { ...place, version: 2 })).toMatchObject({ version: 2, canary: null })
  expect(await versionIn(engine, 'a-thread')).toBe(2)
  expect((await historyOf(engine))[0]).toMatchObject({ kind: 'direct', version: 2, replacedVersion: 1 })
})
