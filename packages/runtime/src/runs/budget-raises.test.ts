import {
  type AgentConfig,
  type Approval,
  agentConfigSchema,
  type CreateBudget,
  createBudgetSchema,
  createWebhookSchema,
  type DecideApproval,
} from '@freehold/contracts'
import {
  type Caller,
  createBudget,
  createTeam,
  createWebhook,
  decideApproval,
  getApproval,
  getBudget,
  listApprovals,
  listRuns,
  redriveRun,
  setOwner,
  updateBudget,
} from '@freehold/core'
import { type PostgresServer, startPostgres, startTestEngine, type TestEngine } from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { defineProgram } from '../index.ts'

let postgres: PostgresServer
let engine: TestEngine

const asker = defineProgram('asker', async (run) => {
  const answers = []
  for (const question of run.message.split(' ')) {
    answers.push((await run.model({ messages: [{ role: 'user', content: question }] })).text)
  }
  return answers.length
})

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())
beforeEach(async () => {
  engine = await startTestEngine({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    programs: [asker],
    webhooks: { egressAllow: 'hooks.invalid' },
  })
})
afterEach(() => engine[Symbol.asyncDispose]())

const newBudget = (changes: Partial<CreateBudget> = {}) =>
  createBudget(engine.caller, createBudgetSchema.parse({ name: 'trial', period: 'month', requestLimit: 1, ...changes }))

/** Starts a run of two model calls whose agent asks to raise a budget, and waits for its request. */
async function startAndAsk(budget: AgentConfig['approvals']['budget'] = {}): Promise<[string, Approval]> {
  await engine.newAgent(engine.caller, 'frugal', { program: 'asker', approvals: { budget } })
  const runId = await engine.start('frugal', { message: 'one two' })
  await engine.worker()
  return [runId, await pendingOf(runId)]
}

async function pendingOf(runId: string): Promise<Approval> {
  await engine.until(runId, ({ type }) => type === 'run.waiting')
  const { items } = await listApprovals(engine.caller, { limit: 10, runId, status: 'pending' })
  return getApproval(engine.caller, items[0]?.id ?? '')
}

async function pendingAfter(runId: string, first: Approval): Promise<Approval> {
  const isNext = (data: object) => 'approvalId' in data && data.approvalId !== first.id
  await engine.until(runId, ({ type, data }) => type === 'approval.requested' && isNext(data))
  const { items } = await listApprovals(engine.caller, { limit: 10, runId, status: 'pending' })
  return getApproval(engine.caller, items[0]?.id ?? '')
}

/** Makes everything that ends with the waiting run's approval come now, as if its time had passed. */
async function expire(runId: string): Promise<void> {
  await engine.sql(
    `with early as (select expires_at - now() as by from approvals where run_id = $1 and status = 'pending'),
       approval as (update approvals set expires_at = now() where run_id = $1 and status = 'pending')
     update agent_runs set available_at = available_at - early.by from early where id = $1`,
    [runId],
  )
}

const decide = (approval: Approval, input: Partial<DecideApproval>, caller: Caller = engine.caller) =>
  decideApproval(caller, approval.id, { decision: 'approve', argumentsHash: approval.argumentsHash, ...input })

/** What the approval is about, with more of it. */
const raisedBy = (approval: Approval, raiseBy: unknown) => ({ ...(approval.arguments as object), raiseBy })

describe('a run that meets a budget and whose agent may ask for more', () => {
  it('waits, and goes on where it was when somebody approves', async () => {
    const budget = await newBudget()
    const [runId, approval] = await startAndAsk()
    expect(approval).toMatchObject({
      kind: 'budget',
      arguments: { budgetId: budget.id, name: 'trial', limitOf: 'requests', raiseBy: 1 },
      reason: expect.stringContaining('has 0 requests left of 1 request'),
    })
    await decide(approval, {})
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 2 } })
    const { windows } = await getBudget(engine.caller, budget.id)
    expect(windows).toMatchObject([{ requests: { spent: 2, reserved: 0 } }])
    expect((await getApproval(engine.caller, approval.id)).usedAt).not.toBeNull()
  })

  it('asks again when another budget is in the way next', async () => {
    await newBudget()
    await newBudget({ name: 'second', period: 'day' })
    const [runId, first] = await startAndAsk()
    await decide(first, {})
    const second = await pendingAfter(runId, first)
    expect(new Set([first, second].map(({ arguments: raise }) => (raise as { name: string }).name))).toEqual(
      new Set(['trial', 'second']),
    )
    await decide(second, {})
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
  })

  it('gets what an approver made of it, and no more', async () => {
    const budget = await newBudget()
    const [runId, approval] = await startAndAsk()
    await decide(approval, { arguments: raisedBy(approval, 5) })
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
    expect((await getBudget(engine.caller, budget.id)).windows).toMatchObject([{ requests: { remaining: 4 } }])
  })

  it('ends as budget_exceeded when it is rejected', async () => {
    await newBudget()
    const [runId, approval] = await startAndAsk()
    await decide(approval, { decision: 'reject' })
    expect(await engine.ended(runId)).toMatchObject({
      data: { error: { code: 'budget_exceeded', message: expect.stringContaining('api_key:test rejected that') } },
    })
  })

  it.each([
    ['reject', 'budget_exceeded', 'nobody approved that in time'],
    ['fail', 'approval_expired', 'Nobody approved step budget:model:2:1'],
  ] as const)('ends when nobody decides in time, as its policy says: %s', async (onExpiry, code, message) => {
    await newBudget()
    const [runId] = await startAndAsk({ onExpiry })
    await expire(runId)
    expect(await engine.ended(runId)).toMatchObject({
      data: { error: { code, message: expect.stringContaining(message) } },
    })
  })

  it.each(['reject', 'fail'] as const)('goes on unasked when the limit was changed meanwhile: %s', async (onExpiry) => {
    const budget = await newBudget()
    const [runId] = await startAndAsk({ onExpiry })
    await updateBudget(engine.caller, budget.id, { requestLimit: 2 })
    await expire(runId)
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
  })

  it('waits no longer than until the budget is reset, and goes on then', async () => {
    await newBudget({ period: 'hour', requestLimit: 2 })
    const resetsAt = await useUp()
    const [runId, approval] = await startAndAsk()
    expect(approval.expiresAt).toBe(resetsAt)
    await reset(runId)
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
  })

  it('asks anew when the budget is used up after its reset, too', async () => {
    const { id } = await newBudget({ period: 'hour', requestLimit: 2 })
    await useUp()
    const [runId, first] = await startAndAsk()
    await updateBudget(engine.caller, id, { requestLimit: 1 })
    await reset(runId)
    const second = await pendingAfter(runId, first)
    expect(second).toMatchObject({ step: 'budget:model:2:1', arguments: { budgetId: id } })
    await decide(second, {})
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded' })
  })

  /** Uses up a budget of two requests, and tells when its hour is over. */
  async function useUp(): Promise<string | undefined> {
    await engine.worker()
    await engine.ended(await engine.start('asker', { message: 'one two' }))
    const [window] = await engine.sql<{ window_end: Date }>(
      `update budget_windows set window_start = window_start - interval '1 hour',
         window_end = date_trunc('milliseconds', clock_timestamp() + interval '1 minute') returning window_end`,
    )
    return window?.window_end.toISOString()
  }

  /** As if the hour were over, until which the run waits at the most. */
  async function reset(runId: string): Promise<void> {
    await engine.sql('update budget_windows set window_end = now()')
    await expire(runId)
  }
})

describe('a run that was refused more, once it is redriven,', () => {
  async function refusedRun(): Promise<[string, Approval]> {
    const [runId, approval] = await startAndAsk()
    await decide(approval, { decision: 'reject' })
    await engine.ended(runId)
    return [runId, approval]
  }
  const succeeded = (runId: string) => engine.until(runId, ({ type }) => type === 'run.succeeded')

  it('goes on when the budget allows it now', async () => {
    const budget = await newBudget()
    const [runId] = await refusedRun()
    await updateBudget(engine.caller, budget.id, { requestLimit: 2 })
    await redriveRun(engine.caller, runId)
    await succeeded(runId)
  })

  it('asks anew when it does not', async () => {
    await newBudget()
    const [runId, first] = await refusedRun()
    await redriveRun(engine.caller, runId)
    const second = await pendingAfter(runId, first)
    expect(second.step).toBe(first.step)
    await decide(second, {})
    await succeeded(runId)
  })
})

describe('a budget is not raised', () => {
  it('by a team that does not own it', async () => {
    const { id: team } = await createTeam(engine.caller, { name: 'claims' })
    const budget = await newBudget()
    await engine.newAgent(engine.caller, 'frugal', { program: 'asker', approvals: { budget: {} } })
    await setOwner(engine.caller, { kind: 'agent', resource: 'frugal' }, { teamId: team, sharedWith: [] })
    const runId = await engine.start('frugal', { message: 'one two' })
    await engine.worker()
    const approval = await pendingOf(runId)
    const inTeam = { ...engine.caller, teams: [team] }
    const approve = () =>
      decideApproval(inTeam, approval.id, { decision: 'approve', argumentsHash: approval.argumentsHash })
    await expect(approve()).rejects.toMatchObject({ code: 'permission_denied' })
    await decideApproval(inTeam, approval.id, { decision: 'reject', argumentsHash: approval.argumentsHash })
    expect(await getBudget(engine.caller, budget.id)).toMatchObject({ windows: [{ requests: { allowed: 1 } }] })
  })

  it('by an expiry', async () => {
    const config = agentConfigSchema.safeParse({ approvals: { budget: { onExpiry: 'approve' } } })
    expect(config.error?.issues).toMatchObject([{ path: ['approvals', 'budget', 'onExpiry'] }])

    await newBudget()
    const [runId] = await startAndAsk()
    const { data } = await engine.until(runId, ({ type }) => type === 'approval.requested')
    const asked = { ...data, step: 'budget:model:9:1', approvalId: crypto.randomUUID(), onExpiry: 'approve' }
    const recorded = engine.sql('select record_approvals($1, $2, $3)', [
      engine.tenantId,
      runId,
      JSON.stringify([{ type: 'approval.requested', data: asked }]),
    ])
    await expect(recorded).rejects.toMatchObject({ code: '23514' })
  })

  it('whose window is gone: the approval stays unused', async () => {
    await newBudget()
    const [runId, approval] = await startAndAsk()
    await engine.sql('delete from budget_windows')
    await decide(approval, {})
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'program_failed' } } })
    expect(await getApproval(engine.caller, approval.id)).toMatchObject({ status: 'approved', usedAt: null })
  })
})

it('without a policy for budgets a run ends as budget_exceeded', async () => {
  await newBudget()
  await engine.worker()
  const runId = await engine.start('asker', { message: 'one two' })
  expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'budget_exceeded' } } })
})

describe('an approver', () => {
  it('needs the right to change budgets, if not to reject', async () => {
    await newBudget()
    const [, approval] = await startAndAsk()
    const permissions = new Set(engine.caller.permissions)
    permissions.delete('budgets:write')
    const approver = { ...engine.caller, permissions }
    await expect(decide(approval, {}, approver)).rejects.toMatchObject({ code: 'permission_denied' })
    expect(await decide(approval, { decision: 'reject' }, approver)).toMatchObject({ status: 'rejected' })
  })

  it.each([
    ['another budget', (approval: Approval) => ({ ...raisedBy(approval, 1), budgetId: approval.id })],
    ['less than one', (approval: Approval) => raisedBy(approval, 0)],
    ['a part of one', (approval: Approval) => raisedBy(approval, 1.5)],
    ['words', (approval: Approval) => raisedBy(approval, 'plenty')],
    ['something else altogether', () => 'yes'],
  ])('can not make it %s', async (_, edit) => {
    await newBudget()
    const [, approval] = await startAndAsk()
    const refused = decide(approval, { arguments: edit(approval) })
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await getApproval(engine.caller, approval.id)).toMatchObject({ status: 'pending' })
  })
})

it('webhooks are told of the soft threshold, of the request and of its outcome, once each', async () => {
  await newBudget({ softPercent: 100 })
  const events = ['approval.requested', 'approval.decided', 'budget.warned']
  await createWebhook(engine.caller, createWebhookSchema.parse({ url: 'https://hooks.invalid/', events }))
  const [runId, approval] = await startAndAsk()
  await decide(approval, {})
  await engine.ended(runId)
  const { items } = await listRuns(engine.caller, { limit: 50, system: true })
  const told = items.map(({ message }) => JSON.parse(message))
  expect(told.map(({ type }) => type).toSorted()).toEqual(['approval.decided', 'approval.requested', 'budget.warned'])
  expect(told).toContainEqual(
    expect.objectContaining({
      type: 'approval.decided',
      data: expect.objectContaining({ approvalId: approval.id, runId, status: 'approved', kind: 'budget' }),
    }),
  )
  expect(told).toContainEqual(
    expect.objectContaining({
      type: 'budget.warned',
      data: expect.objectContaining({ name: 'trial', softPercent: 100 }),
    }),
  )
})
