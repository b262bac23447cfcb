import { createAgentSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import fc from 'fast-check'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAgent } from '../agents/agents.ts'
import { startChildRun } from './child-runs.ts'
import { renewLeases } from './claim-runs.ts'
import { cancelRun, redriveRun, redriveRuns } from './control-run.ts'
import { failAttempt, finishRun, releaseRun, suspendRun, type Wait } from './end-run.ts'
import { claim, holdPause, setAvailable } from './engine-claim.fixture.ts'
import {
  type Command,
  compare,
  define,
  leaseOf,
  oneOf,
  onLease,
  onRun,
  type Real,
  tally,
  write,
} from './engine-command.fixture.ts'
import { EngineModel, type ModelLease, type ModelRun } from './engine-model.fixture.ts'
import { appendEvents } from './journal.ts'
import { startRun } from './start-run.ts'

const workers = ['w1', 'w2', 'w3']
const leaseMs = 3_600_000 // nothing expires unless the clock command says so
const event = { type: 'step.finished', data: { step: 'step:a:1', name: 'a', output: 1 } } as const
const failure = { code: 'program_failed', message: 'it failed' } as const
/** By their limits: ended at the first failure, never put off, put off once, put off three times. */
const agents = [1, 2, 3, 5].map((maxAttempts) => ({ name: `attempts-${maxAttempts}`, maxAttempts }))

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})

afterAll(() => on.close())

function suspend(model: EngineModel, real: Real, lease: ModelLease, target: ModelRun | 'timer'): Promise<void> {
  const wait: Wait =
    target === 'timer'
      ? { step: 'timer:1', kind: 'timer', until: new Date(Date.now() + leaseMs).toISOString() }
      : { step: `child:${target.id}`, kind: 'child', until: null, runId: target.id }
  return write(
    model,
    lease,
    () => suspendRun(on.database, leaseOf(real, lease), { after: lease.lastSeq, events: [event] }, [wait]),
    () => model.suspend(lease, target, event.type),
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

/** As the runtime does it: another attempt if there is one left, or the end. */
async function failAnAttempt(model: EngineModel, real: Real, lease: ModelLease): Promise<void> {
  const { attempt, failedAttempts, limits } = claimOf(real, lease)
  const isLast = failedAttempts + 1 >= limits.maxAttempts
  const retryAt = isLast ? null : new Date(Date.now() + leaseMs)
  const last = retryAt
    ? ({ type: 'attempt.failed', data: { attempt, error: failure, retryAt: retryAt.toISOString() } } as const)
    : ({ type: 'run.failed', data: { error: failure } } as const)
  const failed = { error: failure, retryAt, hasParent: lease.run.parent !== undefined }
  const append = { after: lease.lastSeq, events: [last] }
  const good = model.isGood(lease)
  await write(
    model,
    lease,
    () => failAttempt(on.database, leaseOf(real, lease), { ...append, ...failed }),
    () => model.failAttempt(lease, isLast ? 'dead' : 'retry'),
  )
  if (good) tally[isLast ? 'dead' : 'retries'] += 1
  if (good && lease.run.status === 'queued' && !lease.run.due)
    await holdPause(real, lease.run, { shortestMs: 0, longestMs: leaseMs })
}

function claimOf(real: Real, lease: ModelLease) {
  const claimed = real.claimed.get(lease)
  if (!claimed) throw new Error('a lease without a claim')
  return claimed
}

/** Lets its lease run out, its pause end or its timer come. */
async function passTime(real: Real, run: ModelRun): Promise<void> {
  await setAvailable(real, run, '-1 second')
  run.due = true
}
const whenTimePasses = (which: (run: ModelRun) => boolean) => onRun(which, (_, real, run) => passTime(real, run))

const input = { message: 'hello', environment: 'production', metadata: {} } as const
const by = 'api_key:test'

/** Everything that can happen, and how often. Add an entry for a new thing, and its meaning to the model. */
const happenings: [weight: number, command: fc.Arbitrary<Command>][] = [
  [
    3,
    define({
      verb: 'start',
      choose: (model, pick) => (model.open().length < 6 ? oneOf(agents, pick) : undefined),
      describe: ({ name }) => `a run of ${name}`,
      async perform(model, real, { name, maxAttempts }) {
        model.start((await startRun(on.caller(real.tenant), { ...input, agent: name })).runId, maxAttempts)
      },
    }),
  ],
  [
    9,
    define({
      verb: 'claim',
      choose: (_, pick) => ({ worker: oneOf(workers, pick) ?? '', limit: 1 + (pick % 4) }),
      describe: ({ worker, limit }) => `up to ${limit} by ${worker}`,
      perform: (model, real, claiming) => claim(model, real, { ...claiming, leaseMs }),
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
        const isHeld = (run: ModelRun) => run.status === 'running' && run.worker === worker
        const held = believed.filter((run, index) => isHeld(run) && believed.indexOf(run) === index)
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
        const id = uuidv7()
        const parent = claimOf(real, lease)
        const child = { id, step: `child:${id}`, agent: parent.agent, message: 'help', deadlineMs: leaseMs }
        const started = await startChildRun(on.database, parent, child)
        if (!model.isGood(lease)) expect(started).toEqual({ outcome: 'lease_lost' })
        else if (started.outcome === 'created') model.start(id, parent.limits.maxAttempts, lease.run)
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
  [3, define({ verb: 'fail an attempt of', ...onLease(failAnAttempt) })],
  [
    1,
    define({
      verb: 'release',
      ...onLease((model, real, lease) =>
        write(
          model,
          lease,
          () => releaseRun(on.database, leaseOf(real, lease), { after: lease.lastSeq, events: [] }),
          () => model.release(lease),
        ),
      ),
    }),
  ],
  [
    4,
    define({
      verb: 'let the worker die of',
      ...onRun(
        ({ status }) => status === 'running',
        async (model, real, { worker }) => {
          const lost = model.runs.filter((run) => run.status === 'running' && run.worker === worker)
          for (const run of lost) await passTime(real, run)
          // Another process takes its place, and holds nothing.
          model.leases = model.leases.filter((lease) => lease.worker !== worker)
        },
      ),
    }),
  ],
  [6, define({ verb: 'let the lease run out of', ...whenTimePasses(({ status }) => status === 'running') })],
  [
    2,
    define({
      verb: 'let the timer come of',
      ...whenTimePasses(({ status, waitsFor }) => status === 'waiting' && waitsFor === 'timer'),
    }),
  ],
  [5, define({ verb: 'let the pause end of', ...whenTimePasses(({ status, due }) => status === 'queued' && !due) })],
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
  [
    3,
    define({
      verb: 'redrive the dead,',
      choose: (model, pick) => (model.runs.some(({ dead }) => dead) ? { limit: 1 + (pick % 3) } : undefined),
      describe: ({ limit }) => `up to ${limit}`,
      async perform(model, real, { limit }) {
        const redriven = await redriveRuns(on.caller(real.tenant), { limit })
        expect(redriven).toEqual(model.redriveDead(limit))
        tally.redrivenTogether += redriven.redriven
      },
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
    () => model.append(lease, event.type),
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
): (model: EngineModel, real: Real, run: ModelRun) => Promise<void> {
  return async (model, real, run) => {
    const outcome = await verb(on.caller(real.tenant), run.id).then(
      () => 'ok',
      (error: { code?: string }) => error.code,
    )
    expect(outcome).toBe(expected(model, run) === 'ok' ? 'ok' : 'conflict')
  }
}

/** After all, honest workers bring every run to its end. */
async function drain(model: EngineModel, real: Real): Promise<void> {
  real.trace.push('all is let go on to its end')
  for (let round = 0; model.open().length > 0; round += 1) {
    if (round > 20) throw new Error(`never ended: ${model.open().map(({ name, status }) => `${name} ${status}`)}`)
    for (const run of model.open()) await passTime(real, run)
    await claim(model, real, { worker: 'w1', limit: 50, leaseMs })
    for (const lease of [...model.leases]) {
      if (lease.spent) await failAnAttempt(model, real, lease)
      else await finish('succeeded').perform(model, real, lease)
    }
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
      const tenant = await on.createTenant(`case ${cases}`)
      for (const { name, maxAttempts } of agents) {
        await createAgent(on.caller(tenant), createAgentSchema.parse({ name, limits: { maxAttempts } }))
      }
      const real: Real = { platform: on, tenant, trace: [], claimed: new Map() }
      const model = new EngineModel()
      try {
        await fc.asyncModelRun(() => ({ model, real }), steps)
        await drain(model, real)
      } catch (error) {
        throw new Error(`it went wrong after:\n${real.trace.join('\n')}\n${error}`, { cause: error })
      }
    }),
    { numRuns: 100 },
  )
  const { commands: performed, ...ofInterest } = tally
  // Otherwise nothing of interest was tried.
  expect(performed).toBeGreaterThan(2_000)
  for (const [what, times] of Object.entries(ofInterest)) expect(times, what).toBeGreaterThan(3)
}, 120_000)
