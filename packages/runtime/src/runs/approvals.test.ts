import { createScheduleSchema } from '@freehold/contracts'
import {
  createSchedule,
  decideApproval,
  getApproval,
  getSchedule,
  listApprovals,
  triggerSchedule,
} from '@freehold/core'
import { waitFor } from '@freehold/testkit'
import { describe, expect, it } from 'vitest'
import {
  approve,
  as,
  asked,
  call,
  engine,
  eve,
  paid,
  policyOfPay,
  program,
  reject,
  startWith,
  typesOf,
  useEngine,
} from './approvals.fixture.ts'

useEngine()

describe('the policy', () => {
  it('asks for tools of high risk, shows the exact arguments, and the approved call is made once', async () => {
    await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    expect(approval).toMatchObject({
      kind: 'tool',
      tool: 'pay',
      arguments: { amount: 150, to: 'bob' },
      reason: '"pay" is a tool of high risk.',
      requestedBy: 'api_key:test',
      status: 'pending',
      agent: 'governed',
      version: 1,
    })
    expect(await engine.run(runId)).toMatchObject({ status: 'waiting', waitsForApprovals: [approval.id] })
    expect(paid).toEqual([])
    await approve(as('eve'), approval, { comment: 'fine' })
    expect(await engine.ended(runId)).toMatchObject({ type: 'run.succeeded', data: { output: 'paid' } })
    expect(paid).toEqual([call.input])
    expect(await getApproval(engine.caller, approval.id)).toMatchObject({
      status: 'approved',
      usedAt: expect.any(String),
      decisions: [{ actor: eve, decision: 'approve', comment: 'fine', argumentsHash: approval.argumentsHash }],
    })
    expect(await typesOf(runId)).toEqual([
      'run.created',
      'run.started',
      'approval.requested',
      'run.waiting',
      'approval.decided',
      'run.resumed',
      'approval.used',
      'tool.started',
      'tool.finished',
      'run.succeeded',
    ])
  })

  it.each([
    ['a tool of low risk', 'note', {}],
    ['a high risk that the agent lowers by name', 'pay', { tools: { pay: { require: 'never' as const } } }],
    [
      'arguments that the condition lets pass',
      'pay',
      { tools: { pay: { require: 'when' as const, when: 'args.amount > 200' } } },
    ],
  ])('does not ask for %s', async (_, name, policy) => {
    await engine.worker()
    program.execute = async (run) => (await run.tool({ ...call, name })).failed
    const runId = await startWith(policy)
    expect(await engine.ended(runId)).toMatchObject({ data: { output: false } })
    expect(await typesOf(runId)).not.toContain('approval.requested')
  })

  it.each([
    ['a low risk that the agent raises', 'note', { tools: { note: { require: 'always' as const } } }],
    ['every tool of an agent that says so', 'note', { default: { require: 'always' as const } }],
    ['a high risk that only the default would lower', 'pay', { default: { require: 'when' as const, when: 'false' } }],
    [
      'arguments that meet the condition',
      'pay',
      { tools: { pay: { require: 'when' as const, when: 'args.amount > 100 && agent == "governed"' } } },
    ],
    [
      'a condition that fails on these arguments',
      'pay',
      { tools: { pay: { require: 'when' as const, when: 'args.missing > 100' } } },
    ],
    [
      'a condition that takes too long',
      'note',
      { tools: { note: { require: 'when' as const, when: "args.to.matches('(b+)+$')" } } },
    ],
  ])('asks for %s', async (_, name, policy) => {
    await engine.worker()
    program.execute = (run) => run.tool({ ...call, name, input: { amount: 150, to: `${'b'.repeat(50)}!` } })
    expect(await asked(await startWith(policy))).toMatchObject({ tool: name, status: 'pending' })
  })

  it('arguments that do not fit the tool are refused without asking', async () => {
    await engine.worker()
    program.execute = (run) => run.tool({ ...call, input: { amount: 'much' } })
    const runId = await startWith({})
    expect(await engine.ended(runId)).toMatchObject({ data: { output: { failed: true } } })
    expect(await typesOf(runId)).not.toContain('approval.requested')
  })

  it.each([
    [
      'whose expression is none',
      { tools: { pay: { require: 'when' as const, when: 'args.amount >' } } },
      'tools.pay.when',
    ],
    [
      'whose expression is about nothing known',
      { tools: { pay: { require: 'when' as const, when: 'foo == 1' } } },
      'tools.pay.when',
    ],
    ['whose expression is no condition', { default: { require: 'when' as const, when: '1 + 1' } }, 'default.when'],
    ['for a tool that the agent lacks', { tools: { other: { require: 'always' as const } } }, 'tools.other'],
    [
      'with approvers that are nobody',
      { default: { approvers: { actors: ['bob'], roles: [] } } },
      'default.approvers.actors',
    ],
    [
      'with fewer approvers than must approve',
      { default: { quorum: 2 }, tools: { pay: { approvers: { actors: [eve], roles: [] } } } },
      'tools.pay.quorum',
    ],
  ])('an agent can not be made with a policy %s', async (_, policy, field) => {
    await expect(startWith(policy)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(`body.approvals.${field}: `),
      fields: [{ field: `body.approvals.${field}`, message: expect.any(String) }],
    })
  })

  it('a delegation that needs approval starts no child before', async () => {
    await engine.worker()
    await engine.newAgent(engine.caller, 'child', { program: 'scripted' })
    program.execute = async (run) =>
      run.agent === 'child' ? 'done' : run.tool({ id: 'd', name: 'delegate', input: { agent: 'child', message: 'go' } })
    const runId = await startWith({ tools: { delegate: { require: 'always' } } })
    const approval = await asked(runId)
    expect(await engine.sql('select 1 from agent_runs')).toHaveLength(1)
    await approve(as('eve'), approval)
    expect(await engine.ended(runId)).toMatchObject({ data: { output: { failed: false, output: { output: 'done' } } } })
  })
})

describe('a decision', () => {
  it('on other arguments than the current ones is a conflict', async () => {
    await engine.worker()
    const approval = await asked(await startWith({}))
    await expect(approve(as('eve'), { ...approval, argumentsHash: 'f'.repeat(64) })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('edited'),
    })
    expect(paid).toEqual([])
  })

  it('that edits the arguments makes the tool get those, and the journal shows them', async () => {
    await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    const edited = { amount: 99, to: 'bob' }
    expect(await approve(as('eve'), approval, { arguments: edited })).toMatchObject({
      status: 'approved',
      arguments: edited,
      originalArguments: call.input,
      decisions: [{ edited: true }],
    })
    await engine.ended(runId)
    expect(paid).toEqual([edited])
    expect((await engine.journal(runId)).find(({ type }) => type === 'tool.started')).toMatchObject({
      data: { input: edited },
    })
  })

  it('that edits them to what the tool would refuse is refused, and uses nothing up', async () => {
    await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    await expect(approve(as('eve'), approval, { arguments: { amount: 'much', to: 'bob' } })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('body.arguments.amount: '),
    })
    await approve(as('eve'), approval)
    await engine.ended(runId)
    expect(paid).toEqual([call.input])
  })

  it('to reject tells the model who and why, and the tool is not called', async () => {
    await engine.worker()
    program.execute = (run) => run.tool(call)
    const runId = await startWith({})
    await reject(as('eve'), await asked(runId), 'too much')
    expect(await engine.ended(runId)).toMatchObject({
      data: { output: { failed: true, output: `Rejected by ${eve}: too much` } },
    })
    expect(paid).toEqual([])
  })

  it('comes too late once there is one, and is told so', async () => {
    await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    await approve(as('eve'), approval)
    await engine.ended(runId)
    for (const late of [approve, reject]) {
      await expect(late(as('mallory'), approval)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('approved'),
      })
    }
  })

  it('needs the permission, and does not exist for another tenant', async () => {
    await engine.worker()
    const approval = await asked(await startWith({}))
    const weak = { ...as('eve'), permissions: new Set(['approvals:read'] as const) }
    await expect(approve(weak, approval)).rejects.toMatchObject({ code: 'permission_denied' })
    const stranger = await engine.newTenant('globex')
    await expect(approve(stranger, approval)).rejects.toMatchObject({ code: 'not_found' })
    await expect(getApproval(stranger, approval.id)).rejects.toMatchObject({ code: 'not_found' })
    expect((await listApprovals(stranger, { limit: 10 })).items).toEqual([])
    const bad = decideApproval(as('eve'), approval.id, {
      decision: 'reject',
      argumentsHash: approval.argumentsHash,
      arguments: {},
    })
    await expect(bad).rejects.toMatchObject({ code: 'invalid_request' })
  })

  it('is for named approvers and roles only, where the policy says so', async () => {
    await engine.worker()
    const approval = await asked(
      await startWith(policyOfPay({ approvers: { actors: ['api_key:ada'], roles: ['admin'] }, quorum: 2 })),
    )
    await expect(approve(as('eve', ['owner']), approval)).rejects.toMatchObject({ code: 'permission_denied' })
    expect(await approve(as('ada'), approval)).toMatchObject({ status: 'pending' })
    expect(await approve(as('eve', ['admin']), approval)).toMatchObject({ status: 'approved' })
  })

  it('is not for who started the run, also when the run was delegated', async () => {
    await engine.worker()
    await engine.newAgent(engine.caller, 'payer', { program: 'scripted' })
    program.execute = async (run) =>
      run.agent === 'payer' ? run.tool(call) : run.delegate({ agent: 'payer', message: 'pay' })
    const runId = await startWith({})
    const { data } = await engine.until(runId, ({ type }) => type === 'child.started')
    const approval = await asked((data as { runId: string }).runId)
    await expect(approve(engine.caller, approval)).rejects.toMatchObject({
      code: 'permission_denied',
      message: expect.stringContaining('You started this run'),
    })
    await approve(as('eve'), approval)
    await engine.ended(runId)
    expect(paid).toHaveLength(1)
  })

  it('is not for who made the schedule of the run, or triggered it', async () => {
    await engine.worker()
    await engine.newAgent(engine.caller, 'governed', { program: 'scripted' })
    const input = createScheduleSchema.parse({ name: 's', agent: 'governed', message: 'pay', cron: '0 0 1 1 *' })
    const { id } = await createSchedule(as('ada'), input)
    const triggered = await asked((await triggerSchedule(as('eve'), id)).id)
    await expect(approve(as('eve'), triggered)).rejects.toMatchObject({ code: 'permission_denied' })
    expect(await approve(as('ada'), triggered)).toMatchObject({ status: 'approved' })
    await engine.ended(triggered.runId)

    await engine.sql(`update schedules set next_at = date_trunc('year', now() at time zone 'UTC') at time zone 'UTC'`)
    engine.scheduler()
    const runId = await waitFor(async () => {
      const { lastRunId } = await getSchedule(engine.caller, id)
      return lastRunId !== triggered.runId && lastRunId
    })
    const ticked = await asked(runId)
    await expect(approve(as('ada'), ticked)).rejects.toMatchObject({ code: 'permission_denied' })
    expect(await approve(as('eve'), ticked)).toMatchObject({ status: 'approved' })
  })

  it('can be for who started the run, where the policy allows it or the risk is not high', async () => {
    await engine.worker()
    expect(await approve(engine.caller, await asked(await startWith(policyOfPay({ allowSelf: true }))))).toMatchObject({
      status: 'approved',
    })
    program.execute = (run) => run.tool({ ...call, name: 'note' })
    await engine.newAgent(engine.caller, 'noting', {
      program: 'scripted',
      approvals: { default: { require: 'always' } },
    })
    expect(await approve(engine.caller, await asked(await engine.start('noting')))).toMatchObject({
      status: 'approved',
    })
  })
})
