import { createScheduleSchema, createWebhookSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createSchedule, triggerSchedule } from '../schedules/schedules.ts'
import { putPlan, readPlans } from '../tenancy/plans.ts'
import { setTenantPlan } from '../tenancy/tenants.ts'
import { createWebhook, testWebhook } from '../webhooks/webhooks.ts'
import { startChildRun } from './child-runs.ts'
import { type ClaimedRun, claimRuns } from './claim-runs.ts'
import { QueueGate } from './queue-gate.ts'
import { startRun } from './start-run.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())
beforeEach(() => platform.asSuperuser(`update agent_runs set status = 'cancelled', worker = null`))

const operator = () => ({
  ...platform.caller(platform.acme),
  tenantId: null,
  permissions: new Set(['platform:tenants:read', 'platform:tenants:write'] as const),
})
let plans = 0

/** A tenant of its own, because a process remembers the queue of one for a moment. */
async function newTenant(maxQueuedRuns: number, maxRunningRuns = 10) {
  plans += 1
  const tenant = await platform.createTenant(`tenant ${plans}`)
  const plan = `plan-${plans}`
  await putPlan(operator(), { name: plan, weight: 1, maxRunningRuns, maxQueuedRuns })
  await setTenantPlan(operator(), tenant.id, { plan })
  return { tenant, plan, caller: platform.caller(tenant) }
}

const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
const claim = (limit: number) => claimRuns(platform.database, { worker: 'w', limit, leaseMs: 60_000 })

describe('a full queue', () => {
  test('refuses a start, says the cap and when to come back', async () => {
    const { tenant } = await newTenant(2)
    const start = () => platform.request(tenant.key, 'POST', '/api/v1/agents/assistant/runs', { message: 'hello' })
    expect([(await start()).status, (await start()).status]).toEqual([202, 202])
    const refused = await start()
    expect(refused).toMatchObject({
      status: 429,
      body: { code: 'queue_full', retryable: true, detail: expect.stringContaining('2 queued runs') },
    })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(5)
    const overAgui = await platform.request(tenant.key, 'POST', '/agui/assistant', {
      threadId: 't',
      runId: 'r',
      messages: [{ id: 'm', role: 'user', content: 'hello' }],
      state: {},
      tools: [],
      context: [],
      forwardedProps: {},
    })
    expect(overAgui).toMatchObject({ status: 429, body: { code: 'queue_full' } })
  })

  test('lets in exactly as many as there is room for, however many come at once', async () => {
    const { caller } = await newTenant(25)
    const starts = await Promise.allSettled(Array.from({ length: 80 }, () => startRun(caller, input)))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(25)
    const refused = starts.find(({ status }) => status === 'rejected')
    expect(refused).toMatchObject({ reason: { code: 'queue_full' } })
  })

  test('lets in exactly as many of those that carry an Idempotency-Key', async () => {
    const { tenant } = await newTenant(25)
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, index) =>
        platform.request(
          tenant.key,
          'POST',
          '/api/v1/agents/assistant/runs',
          { message: 'hello' },
          { 'idempotency-key': `start-${index}` },
        ),
      ),
    )
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(25)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(55)
  })

  test('refuses to trigger a schedule or to test a webhook', async () => {
    const { caller } = await newTenant(1)
    const schedule = { name: 's', agent: 'assistant', message: 'hello', cron: '0 0 1 1 *' }
    const { id } = await createSchedule(caller, createScheduleSchema.parse(schedule))
    const hook = createWebhookSchema.parse({ url: 'https://hooks.invalid/', events: ['run.failed'] })
    const { id: webhookId } = await createWebhook(caller, hook)
    expect(await triggerSchedule(caller, id)).toMatchObject({ status: 'queued' })
    await expect(triggerSchedule(caller, id)).rejects.toMatchObject({ code: 'queue_full' })
    await expect(testWebhook(caller, webhookId)).rejects.toMatchObject({ code: 'queue_full' })
  })

  test('still finds the run that a client started before by the same key', async () => {
    const { caller } = await newTenant(1)
    const first = await startRun(caller, { ...input, clientKey: 'mine' })
    await expect(startRun(caller, { ...input, clientKey: 'another' })).rejects.toMatchObject({ code: 'queue_full' })
    expect(await startRun(caller, { ...input, clientKey: 'mine' })).toEqual({ runId: first.runId, created: false })
  })

  test('is no obstacle to the child of a run, which would wait for it for ever', async () => {
    const { caller } = await newTenant(1)
    await startRun(caller, input)
    const [parent] = await claim(1)
    if (!parent) throw new Error('nothing was claimed')
    await platform.asSuperuser(
      `insert into agent_runs select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'status', 'queued'))).*
         from agent_runs r where id = $1`,
      [parent.lease.runId],
    )
    expect(await delegate(parent)).toMatchObject({ outcome: 'created' })
  })

  const delegate = (parent: ClaimedRun) =>
    startChildRun(platform.database, parent, {
      id: uuidv7(),
      step: 'child:1',
      agent: 'assistant',
      message: 'help',
      deadlineMs: 60_000,
    })

  test('of one tenant is no obstacle to another', async () => {
    const full = await newTenant(1)
    const other = await newTenant(1)
    await startRun(full.caller, input)
    await expect(startRun(full.caller, input)).rejects.toMatchObject({ code: 'queue_full' })
    expect(await startRun(other.caller, input)).toMatchObject({ created: true })
  })

  test('has room again when runs have begun, and counts neither those nor the ones that wait', async () => {
    const { tenant } = await newTenant(3)
    const caller = platform.caller(tenant)
    for (let count = 0; count < 3; count += 1) await startRun(caller, input)
    await claim(2)
    // A process that knows nothing of this queue yet.
    const gate = new QueueGate(platform.database)
    const enter = () => gate.admit(tenant.id, () => startRun(caller, input).catch(() => undefined))
    expect([(await enter()).admitted, (await enter()).admitted, (await enter()).admitted]).toEqual([true, true, false])
  })
})

describe('a change of plan', () => {
  test('holds for the next claim', async () => {
    const { caller, plan } = await newTenant(100, 2)
    for (let count = 0; count < 5; count += 1) await startRun(caller, input)
    expect(await claim(5)).toHaveLength(2)
    await putPlan(operator(), { name: plan, weight: 1, maxRunningRuns: 4, maxQueuedRuns: 100 })
    expect(await claim(5)).toHaveLength(2)
    await setTenantPlan(operator(), caller.tenantId ?? '', { plan: 'standard' })
    expect(await claim(5)).toHaveLength(1)
  })

  test('is seen by the tenant', async () => {
    const { tenant, plan } = await newTenant(7)
    expect(await platform.client(tenant.key).getOwnTenant()).toMatchObject({ plan: { name: plan, maxQueuedRuns: 7 } })
  })

  test('to one that does not exist is refused', async () => {
    const change = setTenantPlan(operator(), platform.acme.id, { plan: 'gold' })
    await expect(change).rejects.toMatchObject({ code: 'invalid_request' })
  })

  test('is for the operator only', async () => {
    const caller = platform.caller(platform.acme)
    const plan = { name: 'gold', weight: 1, maxRunningRuns: 1, maxQueuedRuns: 1 }
    await expect(putPlan(caller, plan)).rejects.toMatchObject({ code: 'permission_denied' })
    await expect(setTenantPlan(caller, platform.globex.id, { plan: 'standard' })).rejects.toMatchObject({
      code: 'not_found',
    })
    expect((await readPlans(platform.database)).map(({ name }) => name)).not.toContain('gold')
  })
})
