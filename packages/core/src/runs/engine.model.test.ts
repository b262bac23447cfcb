import { createTestPlatform, type TestPlatform, type TestTenant } from '@freehold/testkit'
import fc from 'fast-check'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startChildRun } from './child-runs.ts'
import { type ClaimedRun, claimRuns, renewLeases } from './claim-runs.ts'
import { cancelRun, redriveRun } from './control-run.ts'
import { finishRun, releaseRun, suspendRun, type Wait } from './end-run.ts'
import { EngineModel, isOpen, type ModelLease, type ModelRun } from './engine-model.fixture.ts'
import { appendEvents } from './journal.ts'
import { LeaseLostError } from './lease.ts'
import { startRun } from './start-run.ts'

const workers = ['w1', 'w2', 'w3']
const leaseMs = 3_600_000 // nothing expires unless the clock command says so
const event = { type: 'step.finished', data: { step: 'step:a:1', name: 'a', output: 1 } } as const
const failure = { code: 'program_failed', message: 'it failed' } as const

let on: TestPlatform
const done = { commands: 0, refusals: 0, takeovers: 0, wokenByChild: 0 }

beforeAll(async () => {
  on = await createTestPlatform()
})

afterAll(() => on.close())

/** The real engine, on a tenant of its own. */
interface Real {
  tenant: TestTenant
  /** What was done so far, in words. */
  trace: string[]
  /** What each worker got from the database with its lease. */
  claimed: Map<ModelLease, ClaimedRun>
}

type Command = fc.AsyncCommand<EngineModel, Real>

interface Definition<Target> {
  verb: string
  /** Whom it happens to, by a random number; undefined when there is nobody. */
  choose(model: EngineModel, pick: number): Target | undefined
  describe(target: Target): string
  perform(model: EngineModel, real: Real, target: Target): Promise<void>
}

/** A command that does the same to the model and to the engine, and compares them after. */
function define<Target>({ verb, choose, describe, perform }: Definition<Target>): fc.Arbitrary<Command> {
  return fc.nat(999).map((pick) => ({
    // fast-check calls it with the model that it runs with.
    check: (model) => choose(model as EngineModel, pick) !== undefined,
    async run(model, real) {
      const target = choose(model, pick)
      if (target === undefined) throw new Error('the check let it through')
      real.trace.push(`${verb} ${describe(target)}`)
      await perform(model, real, target)
      await compare(model, real)
      done.commands += 1
    },
    toString: () => verb,
  }))
}

const oneOf = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(1, list.length)]
const onLease = (perform: Definition<ModelLease>['perform']) => ({
  choose: (model: EngineModel, pick: number) => oneOf(model.leases, pick),
  describe: ({ run, worker, token }: ModelLease) => `${run.name} by ${worker} with token ${token}`,
  perform,
})
const onRun = (
  which: (run: ModelRun, model: EngineModel) => boolean,
  perform: Definition<ModelRun>['perform'],
): Omit<Definition<ModelRun>, 'verb'> => ({
  choose: (model, pick) =>
    oneOf(
      model.runs.filter((run) => which(run, model)),
      pick,
    ),
  describe: ({ name }) => name,
  perform,
})

/** Writes under a lease: it works if the lease is good, and is refused if not. */
async function write(model: EngineModel, lease: ModelLease, work: () => Promise<unknown>, then: () => void) {
  if (model.isGood(lease)) {
    await work()
    then()
    return
  }
  done.refusals += 1
  await expect(work()).rejects.toThrow(LeaseLostError)
  model.drop(lease)
}

function leaseOf(real: Real, { run, token }: ModelLease) {
  return { tenantId: real.tenant.id, runId: run.id, token }
}

function suspend(model: EngineModel, real: Real, lease: ModelLease, target: ModelRun | 'timer'): Promise<void> {
  const wait: Wait =
    target === 'timer'
      ? { step: 'timer:1', kind: 'timer', until: new Date(Date.now() + leaseMs).toISOString() }
      : { step: `child:${target.id}`, kind: 'child', until: null, runId: target.id }
  return write(
    model,
    lease,
    () => suspendRun(on.database, leaseOf(real, lease), { after: lease.lastSeq, events: [event] }, [wait]),
    () => model.suspend(lease, target),
  )
}

function finish(status: 'succeeded' | 'failed') {
  return onLease((model, real, lease) => {
    const end = {
      after: lease.lastSeq,
      events: [
        status === 'failed'
          ? ({ type: 'run.failed', data: { error: failure } } as const)
          : ({ type: 'run.succeeded', data: { output: 'done' } } as const),
      ],
      status,
      output: null,
      error: status === 'failed' ? failure : null,
      messages: [],
      hasParent: lease.run.parent !== undefined,
    }
    return write(
      model,
      lease,
      () => finishRun(on.database, leaseOf(real, lease), end),
      () => model.finish(lease, status),
    )
  })
}

async function claim(model: EngineModel, real: Real, worker: string, limit: number): Promise<void> {
  const due = model.open().filter((run) => run.due)
  const claimed = await claimRuns(on.database, { worker, limit, leaseMs })
  expect(claimed).toHaveLength(Math.min(limit, due.length))
  for (const found of claimed) {
    const run = due.find(({ id }) => id === found.lease.runId)
    if (!run) throw new Error(`claimed ${found.lease.runId}, which was not due or was claimed twice at once`)
    if (run.status === 'running') done.takeovers += 1
    if (run.status === 'waiting' && run.waitsFor !== 'timer') done.wokenByChild += 1
    due.splice(due.indexOf(run), 1)
    const lease = model.claim(run, worker)
    real.claimed.set(lease, found)
    expect(found).toMatchObject({ lease: { token: lease.token }, lastSeq: lease.lastSeq })
    expect(found.cancelRequestedBy).toBe(run.cancelRequestedBy)
  }
}

const passTime = (run: ModelRun) =>
  on.asSuperuser(`update agent_runs set available_at = now() - interval '1 second' where id = $1`, [run.id])

const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
const by = 'api_key:test'

/** Everything that can happen, and how often. Add an entry for a new thing, and its meaning to the model. */
const happenings: [weight: number, command: fc.Arbitrary<Command>][] = [
  [
    3,
    define({
      verb: 'start',
      choose: (model) => (model.open().length < 6 ? 'a run' : undefined),
      describe: (what) => what,
      async perform(model, real) {
        model.start((await startRun(on.caller(real.tenant), input)).runId)
      },
    }),
  ],
  [
    6,
    define({
      verb: 'claim',
      choose: (_, pick) => ({ worker: oneOf(workers, pick) ?? '', limit: 1 + (pick % 4) }),
      describe: ({ worker, limit }) => `up to ${limit} by ${worker}`,
      perform: (model, real, { worker, limit }) => claim(model, real, worker, limit),
    }),
  ],
  [
    1,
    define({
      verb: 'renew',
      choose: (_, pick) => oneOf(workers, pick),
      describe: (worker) => `the leases of ${worker}`,
      async perform(model, real, worker) {
        const believed = model.leases.filter((lease) => lease.worker === worker).map(({ run }) => run)
        const held = believed.filter((run, index) => run.worker === worker && believed.indexOf(run) === index)
        const leases = believed.map(({ id, token }) => ({ tenantId: real.tenant.id, runId: id, token }))
        const renewed = await renewLeases(on.database, worker, leaseMs, leases)
        const answers = held.map(({ id, token, cancelRequestedBy }) => ({ runId: id, token, cancelRequestedBy }))
        expect(renewed).toHaveLength(answers.length)
        expect(renewed).toEqual(expect.arrayContaining(answers))
        for (const run of held) run.due = false
      },
    }),
  ],
  [3, define({ verb: 'append to', ...onLease(append) })],
  [1, define({ verb: 'append twice to', ...onLease(appendTwice) })],
  [
    3,
    define({
      verb: 'start a child of',
      ...onLease(async (model, real, lease) => {
        const parent = real.claimed.get(lease)
        if (!parent) throw new Error('a lease without a claim')
        const id = uuidv7()
        const child = { id, step: `child:${id}`, agent: 'assistant', message: 'help', deadlineMs: leaseMs }
        const started = await startChildRun(on.database, parent, child)
        if (!model.isGood(lease)) expect(started).toEqual({ outcome: 'lease_lost' })
        else if (started.outcome === 'created') model.start(id, lease.run)
        else expect(started).toEqual({ outcome: 'too_deep' })
      }),
    }),
  ],
  [
    1,
    define({ verb: 'wait for a timer in', ...onLease((model, real, lease) => suspend(model, real, lease, 'timer')) }),
  ],
  [
    4,
    define({
      verb: 'wait for the last child in',
      choose: (model, pick) =>
        oneOf(
          model.leases.flatMap((lease) => waitForChild(model, lease)),
          pick,
        ),
      describe: ({ lease, child }) => `${lease.run.name} by ${lease.worker}: ${child.name}`,
      perform: (model, real, { lease, child }) => suspend(model, real, lease, child),
    }),
  ],
  [3, define({ verb: 'finish', ...finish('succeeded') })],
  [1, define({ verb: 'fail', ...finish('failed') })],
  [
    1,
    define({
      verb: 'release',
      ...onLease((model, real, lease) =>
        write(
          model,
          lease,
          () => releaseRun(on.database, leaseOf(real, lease), { after: lease.lastSeq, events: [] }),
          () => {
            lease.run.lastSeq -= 1 // no event
            model.release(lease)
          },
        ),
      ),
    }),
  ],
  [
    2,
    define({
      verb: 'let the lease run out of',
      ...onRun(
        ({ status }) => status === 'running',
        async (_, __, run) => {
          await passTime(run)
          run.due = true
        },
      ),
    }),
  ],
  [
    2,
    define({
      verb: 'let the timer come of',
      ...onRun(
        ({ status, waitsFor }) => status === 'waiting' && waitsFor === 'timer',
        async (_, __, run) => {
          await passTime(run)
          run.due = true
        },
      ),
    }),
  ],
  [
    1,
    define({
      verb: 'cancel',
      ...onRun(
        () => true,
        control(cancelRun, (model, run) => model.cancel(run, by)),
      ),
    }),
  ],
  [
    2,
    define({
      verb: 'redrive',
      ...onRun(
        () => true,
        control(redriveRun, (model, run) => model.redrive(run)),
      ),
    }),
  ],
]
const commands = happenings.flatMap(([weight, command]) => Array.from({ length: weight }, () => command))

function waitForChild(model: EngineModel, lease: ModelLease): { lease: ModelLease; child: ModelRun }[] {
  const child = model.runs.findLast(({ parent }) => parent === lease.run)
  return child ? [{ lease, child }] : []
}

function append(model: EngineModel, real: Real, lease: ModelLease): Promise<void> {
  return write(
    model,
    lease,
    () => appendEvents(on.database, leaseOf(real, lease), { after: lease.lastSeq, events: [event] }),
    () => model.append(lease),
  )
}

/** As after an answer that got lost. */
async function appendTwice(model: EngineModel, real: Real, lease: ModelLease): Promise<void> {
  const again = { after: lease.lastSeq, events: [event] }
  const good = model.isGood(lease)
  await append(model, real, lease)
  if (good) await appendEvents(on.database, leaseOf(real, lease), again)
}

function control(
  verb: typeof cancelRun,
  expected: (model: EngineModel, run: ModelRun) => string,
): Definition<ModelRun>['perform'] {
  return async (model, real, run) => {
    const outcome = await verb(on.caller(real.tenant), run.id).then(
      () => 'ok',
      (error: { code?: string }) => error.code,
    )
    expect(outcome).toBe(expected(model, run) === 'ok' ? 'ok' : 'conflict')
  }
}

/** Status, holder, token and journal of every run are the model's, and no run is lost. */
async function compare(model: EngineModel, { tenant }: Real): Promise<void> {
  const rows = await on.asSuperuser(
    `select r.id, r.status, r.worker, abs(h.lease_token) as token, h.last_seq as "lastSeq",
            h.cancel_requested_by as "cancelRequestedBy",
            r.status in ('queued', 'running', 'waiting') and r.available_at <= now() as due,
            h.lease_token > 0 as held, e.events = h.last_seq and e.last = h.last_seq as gapless
       from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id,
            lateral (select count(*) as events, max(seq) as last from run_events e
                      where e.tenant_id = r.tenant_id and e.run_id = r.id) e
      where r.tenant_id = $1 order by r.id`,
    [tenant.id],
  )
  const expected = model.runs
    .map(({ id, status, worker, token, lastSeq, cancelRequestedBy, due }) => {
      const held = status === 'running'
      return { id, status, worker, token, lastSeq, cancelRequestedBy, due, held, gapless: true }
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect(rows).toEqual(expected)
  // Whatever is open will be claimed: now, when its lease runs out, when its timer comes, or when its child ends.
  const lost = model
    .open()
    .filter(
      ({ status, due, waitsFor }) =>
        status === 'waiting' && !due && waitsFor !== 'timer' && !(waitsFor && isOpen(waitsFor)),
    )
  expect(lost).toEqual([])
}

/** After all, honest workers bring every run to its end. */
async function drain(model: EngineModel, real: Real): Promise<void> {
  real.trace.push('all is let go on to its end')
  for (let round = 0; model.open().length > 0; round += 1) {
    if (round > 20) throw new Error(`never ended: ${model.open().map(({ name, status }) => `${name} ${status}`)}`)
    for (const run of model.open()) {
      await passTime(run)
      run.due = true
    }
    await claim(model, real, 'w1', 50)
    for (const lease of [...model.leases]) await finish('succeeded').perform(model, real, lease)
    await compare(model, real)
  }
}

test('whatever happens in whatever order, the engine does what its model does', async () => {
  let cases = 0
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 150, size: 'max' }), async (steps) => {
      cases += 1
      // What a case that failed left behind is nobody's to claim.
      await on.asSuperuser(`update agent_runs set status = 'cancelled', worker = null where finished_at is null`)
      const real: Real = { tenant: await on.createTenant(`case ${cases}`), trace: [], claimed: new Map() }
      const model = new EngineModel()
      try {
        await fc.asyncModelRun(() => ({ model, real }), steps)
        await drain(model, real)
      } catch (error) {
        throw new Error(`it went wrong after:\n${real.trace.join('\n')}\n${error}`, { cause: error })
      }
    }),
    { numRuns: 50 },
  )
  // Otherwise nothing of interest was tried.
  expect(done.commands).toBeGreaterThan(2_000)
  expect(Math.min(done.refusals, done.takeovers, done.wokenByChild)).toBeGreaterThan(20)
}, 120_000)
