import { agentConfigSchema } from '@freehold/contracts'
import { cancelRun, createAgentVersion, getApproval, listApprovals, redriveRun, setRelease } from '@freehold/core'
import { tapDatabase, waitFor } from '@freehold/testkit'
import { describe, expect, it } from 'vitest'
import {
  approve,
  as,
  asked,
  call,
  engine,
  eve,
  expire,
  paid,
  policyOfPay,
  program,
  reject,
  startWith,
  typesOf,
  useEngine,
} from './approvals.fixture.ts'

useEngine()

/** A person of the engine's tenant, and two keys of theirs. */
async function keysOf(name: string) {
  const [person] = await engine.sql<{ id: string }>(
    'insert into people (id, name) values (gen_random_uuid(), $1) returning id',
    [name],
  )
  const makeKey = async () => {
    const [key] = await engine.sql<{ id: string }>(
      `insert into api_keys (tenant_id, id, name, prefix, key_hash, scopes, made_by)
        select $1, made, 'key', 'fht_', made::text::bytea, '{}', $2 from gen_random_uuid() made returning id`,
      [engine.caller.tenantId, person?.id],
    )
    return as(key?.id ?? '')
  }
  const actor = { kind: 'person' as const, id: person?.id ?? '', name }
  return { person: { ...engine.caller, actor }, first: await makeKey(), second: await makeKey() }
}

describe('a quorum', () => {
  it('counts different actors, and concurrent decisions count each other', async () => {
    await engine.worker()
    const runId = await startWith(policyOfPay({ quorum: 3 }))
    const approval = await asked(runId)
    await approve(as('a'), approval)
    await expect(approve(as('a'), approval)).rejects.toMatchObject({ code: 'conflict' })
    expect(paid).toEqual([])
    await Promise.all([approve(as('b'), approval), approve(as('c'), approval)])
    await engine.ended(runId)
    expect(paid).toEqual([call.input])
    const decided = (await engine.journal(runId)).filter(({ type }) => type === 'approval.decided')
    expect(decided).toHaveLength(1)
    expect(decided[0]?.data).toMatchObject({ by: expect.arrayContaining(['api_key:a', 'api_key:b', 'api_key:c']) })
  })

  it('counts every key of a person as that person, also when one of them started the run', async () => {
    await engine.worker()
    const [ada, eve] = [await keysOf('ada'), await keysOf('eve')]
    await engine.newAgent(engine.caller, 'governed', { program: 'scripted', approvals: policyOfPay({ quorum: 2 }) })
    const runId = await engine.start('governed', { caller: ada.first })
    const approval = await asked(runId)
    for (const own of [ada.person, ada.first, ada.second]) {
      await expect(approve(own, approval)).rejects.toMatchObject({ code: 'permission_denied' })
    }
    expect(await approve(eve.first, approval)).toMatchObject({ status: 'pending' })
    for (const again of [eve.person, eve.second]) {
      await expect(approve(again, approval)).rejects.toMatchObject({ code: 'conflict' })
    }
    expect(await approve(as('bob'), approval)).toMatchObject({ status: 'approved' })
    await engine.ended(runId)
    expect(paid).toEqual([call.input])
  })

  it('begins anew when the arguments are edited', async () => {
    await engine.worker()
    const runId = await startWith(policyOfPay({ quorum: 2 }))
    const first = await asked(runId)
    await approve(as('a'), first)
    const second = await approve(as('b'), first, { arguments: { amount: 1, to: 'bob' } })
    expect(second).toMatchObject({ status: 'pending', arguments: { amount: 1, to: 'bob' } })
    await expect(approve(as('c'), first)).rejects.toMatchObject({ code: 'conflict' })
    expect(await approve(as('a'), second)).toMatchObject({ status: 'approved' })
    await engine.ended(runId)
    expect(paid).toEqual([{ amount: 1, to: 'bob' }])
  })

  it('is broken by one rejection', async () => {
    await engine.worker()
    const runId = await startWith(policyOfPay({ quorum: 2 }))
    const approval = await asked(runId)
    await approve(as('a'), approval)
    expect(await reject(as('b'), approval)).toMatchObject({ status: 'rejected' })
    await engine.ended(runId)
    expect(paid).toEqual([])
  })
})

describe('an approval that nobody decides in time', () => {
  it.each([
    ['reject', 'Rejected because nobody approved it in time.', 0],
    ['approve', 'paid', 1],
  ] as const)('comes out as its policy says: %s', async (onExpiry, output, payments) => {
    await engine.worker()
    const runId = await startWith(policyOfPay({ onExpiry }))
    const approval = await asked(runId)
    await expire(runId)
    expect(await engine.ended(runId)).toMatchObject({ data: { output } })
    expect(paid).toHaveLength(payments)
    expect((await engine.journal(runId)).find(({ type }) => type === 'approval.decided')).toMatchObject({
      data: { by: ['expiry'] },
    })
    await expect(approve(as('eve'), approval)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('fails the run where the policy says so, and is asked anew when the run is redriven', async () => {
    await engine.worker()
    const runId = await startWith(policyOfPay({ onExpiry: 'fail' }))
    const expired = await asked(runId)
    await expire(runId)
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'approval_expired' } } })
    await redriveRun(engine.caller, runId)
    await engine.until(runId, (event) => event.type === 'run.waiting' && event.seq > 8)
    const again = await asked(runId)
    expect(again.id).not.toBe(expired.id)
    await approve(as('eve'), again)
    await engine.until(runId, ({ type }) => type === 'run.succeeded')
    expect(paid).toHaveLength(1)
  })

  it('ends at its own time, also when that is after the time that its run has to work', async () => {
    await engine.worker()
    const runId = await startWith(policyOfPay({ expiresAfterMs: 1000 }))
    expect(await engine.ended(runId)).toMatchObject({ data: { output: expect.stringContaining('in time') } })
    await engine.newAgent(engine.caller, 'short', { program: 'scripted', limits: { runTimeoutMs: 60_000 } })
    const { createdAt, expiresAt } = await asked(await engine.start('short'))
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBeGreaterThan(86_390_000)
  })

  it('takes nothing of the time that its run has to work', async () => {
    await engine.worker()
    await engine.newAgent(engine.caller, 'short', { program: 'scripted', limits: { runTimeoutMs: 60_000 } })
    const runId = await engine.start('short')
    const approval = await asked(runId)
    await engine.sql(
      `update agent_runs set deadline_at = deadline_at - interval '20 hours',
              clock_stopped_at = clock_stopped_at - interval '20 hours'`,
    )
    expect(Date.parse((await engine.run(runId)).deadlineAt)).toBeGreaterThan(Date.now())
    await approve(as('eve'), approval)
    expect(await engine.ended(runId)).toMatchObject({ data: { output: 'paid' } })
  })
})

describe('an approval outlives', () => {
  /** Lets a worker die at its nth write, before or after it was done, and a new one go on. */
  async function dieAt(nth: number, done: boolean): Promise<() => Promise<void>> {
    const tap = tapDatabase(engine.database)
    const crashed = Promise.withResolvers<void>()
    let writes = 0
    const dieWhenDue = (name: string) => {
      if (/append|finish|suspend|settle/.test(name)) writes += 1
      if (writes < nth) return
      crashed.resolve()
      throw new Error('this worker is dead')
    }
    if (done) tap.after = dieWhenDue
    else tap.before = dieWhenDue
    const dying = await engine.worker({ database: tap.database })
    return async () => {
      await crashed.promise
      await dying.stop(0)
      await engine.expireLeases()
      await engine.worker()
    }
  }

  const deaths = [1, 2, 3, 4, 5].flatMap((nth) => [[nth, false] as const, [nth, true] as const])
  it.each(deaths)('its worker, dead at write %i (done: %s), and is used once', async (nth, done) => {
    program.execute = async (run) => {
      await run.tool({ ...call, name: 'note' })
      const { approved } = await run.approve({ title: 'Go on?', details: { step: 1 } })
      const output = (await run.tool({ id: 'n', name: 'note', input: { approved } })).output
      return [output, approved]
    }
    const takeOver = await dieAt(nth, done)
    const runId = await startWith(
      { tools: { note: { require: 'when', when: 'has(args.approved)' } } },
      { tools: ['note'] },
    )
    const deciding = (async () => {
      for (let decided = 0; decided < 2; decided += 1) {
        const query = { limit: 10, runId, status: 'pending' as const }
        const { id } = await waitFor(async () => (await listApprovals(engine.caller, query)).items[0])
        await approve(as('eve'), await getApproval(engine.caller, id))
      }
    })()
    await takeOver()
    await deciding
    expect(await engine.ended(runId)).toMatchObject({ data: { output: [{ noted: { approved: true } }, true] } })
    const journal = await engine.journal(runId)
    const count = (wanted: string) => journal.filter(({ type }) => type === wanted).length
    expect(['approval.requested', 'approval.decided', 'approval.used', 'tool.finished'].map(count)).toEqual([
      2, 2, 2, 2,
    ])
    expect(await engine.sql('select status from approvals where used_at is not null')).toEqual([
      { status: 'approved' },
      { status: 'approved' },
    ])
  })

  it('a new release of its agent: the run goes on with its own version and policy', async () => {
    const first = await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    await first.stop(0)
    const freed = agentConfigSchema.parse({ program: 'scripted', tools: [], approvals: {} })
    await createAgentVersion(engine.caller, 'governed', freed)
    await setRelease(engine.caller, { agent: 'governed', environment: 'production', version: 2 })
    await approve(as('eve'), approval)
    await engine.worker()
    await engine.ended(runId)
    expect(paid).toHaveLength(1)
  })

  it('no end of its run: cancelled with it, asked anew when a failed one is redriven', async () => {
    await engine.worker()
    const cancelled = await startWith({})
    const approval = await asked(cancelled)
    await cancelRun(engine.caller, cancelled)
    await expect(approve(as('eve'), approval)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('cancelled'),
    })

    const failed = await engine.start('governed')
    const before = await asked(failed)
    await engine.sql(
      `update agent_runs set deadline_at = now(), clock_stopped_at = null, available_at = now() where id = $1`,
      [failed],
    )
    engine.bus.publish({ kind: 'work' })
    await engine.ended(failed)
    expect(await getApproval(engine.caller, before.id)).toMatchObject({ status: 'cancelled' })
    await redriveRun(engine.caller, failed)
    await engine.until(failed, (event) => event.type === 'approval.requested' && event.data.approvalId !== before.id)
    await engine.until(failed, (event) => event.type === 'run.waiting' && event.seq > 6)
    await approve(as('eve'), await asked(failed))
    await engine.until(failed, ({ type }) => type === 'run.succeeded')
    expect(paid).toHaveLength(1)
  })

  it('a failure after it was used: the finished call is neither asked for nor made again', async () => {
    await engine.worker()
    let broken = true
    program.execute = async (run) => {
      await run.tool(call)
      if (broken) throw new Error('broken')
      return 'done'
    }
    const runId = await startWith({})
    await approve(as('eve'), await asked(runId))
    await engine.ended(runId)
    broken = false
    await redriveRun(engine.caller, runId)
    await engine.until(runId, ({ type }) => type === 'run.succeeded')
    expect(paid).toHaveLength(1)
    expect((await typesOf(runId)).filter((type) => type === 'approval.requested')).toHaveLength(1)
  })
})

describe('it binds', () => {
  it('a program that changed its arguments while it waited is refused', async () => {
    await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    program.execute = (run) => run.tool({ ...call, input: { to: 'mallory', amount: 150 } })
    await approve(as('eve'), approval)
    expect(await engine.ended(runId)).toMatchObject({ data: { error: { code: 'program_changed' } } })
    expect(paid).toEqual([])
  })

  it('the database refuses a use without approval and a second one', async () => {
    await engine.worker()
    const runId = await startWith({})
    const approval = await asked(runId)
    const use = () =>
      engine.sql(
        `select record_approvals($1, $2, jsonb_build_array(jsonb_build_object('type', 'approval.used', 'data',
           jsonb_build_object('step', 'tool:1', 'approvalId', $3::text, 'argumentsHash', $4::text))))`,
        [engine.tenantId, runId, approval.id, approval.argumentsHash],
      )
    await expect(use()).rejects.toThrow('does not allow this')
    await approve(as('eve'), approval)
    await engine.ended(runId)
    await expect(use()).rejects.toThrow('used already')
  })

  it('a decision that is made while another branch still works is found when the run is suspended', async () => {
    await engine.worker()
    const release = Promise.withResolvers<string>()
    program.execute = (run) =>
      Promise.all([run.approve({ title: 'May I?', details: [1] }), run.step('slow', () => release.promise)])
    const runId = await startWith({})
    const { data } = await engine.until(runId, ({ type }) => type === 'approval.requested')
    const approval = await getApproval(engine.caller, (data as { approvalId: string }).approvalId)
    expect(approval).toMatchObject({ kind: 'program', reason: 'May I?', arguments: [1], tool: null })
    await approve(as('eve'), approval, { comment: 'yes' })
    release.resolve('slow')
    expect(await engine.ended(runId)).toMatchObject({
      data: { output: [{ approved: true, by: [eve], comment: 'yes', details: [1] }, 'slow'] },
    })
  })
})
