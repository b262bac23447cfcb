import type { TestPlatform, TestTenant } from '@freehold/testkit'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { ClaimedRun } from './claim-runs.ts'
import { type EngineModel, isOpen, type ModelLease, type ModelRun } from './engine-model.fixture.ts'
import { LeaseLostError } from './lease.ts'

/** The real engine, on a tenant of its own. */
export interface Real {
  platform: TestPlatform
  tenant: TestTenant
  /** What was done so far, in words. */
  trace: string[]
  /** What each worker got from the database with its lease. */
  claimed: Map<ModelLease, ClaimedRun>
}

/** How often what came about, over all cases. */
export const tally = {
  commands: 0,
  refusals: 0,
  takeovers: 0,
  postponed: 0,
  withoutRoom: 0,
  spent: 0,
  retries: 0,
  dead: 0,
  redrivenTogether: 0,
  wokenByChild: 0,
}

export type Command = fc.AsyncCommand<EngineModel, Real>

interface Definition<Target> {
  verb: string
  /** Whom it happens to, by a random number; undefined when there is nobody. */
  choose(model: EngineModel, pick: number): Target | undefined
  describe(target: Target): string
  perform(model: EngineModel, real: Real, target: Target): Promise<void>
}

/** A command that does the same to the model and to the engine, and compares them after. */
export function define<Target>({ verb, choose, describe, perform }: Definition<Target>): fc.Arbitrary<Command> {
  return fc.nat(999).map((pick) => ({
    // fast-check calls it with the model that it runs with.
    check: (model) => choose(model as EngineModel, pick) !== undefined,
    async run(model, real) {
      const target = choose(model, pick)
      if (target === undefined) throw new Error('the check let it through')
      real.trace.push(`${verb} ${describe(target)}`)
      await perform(model, real, target)
      await compare(model, real)
      tally.commands += 1
    },
    toString: () => verb,
  }))
}

export const oneOf = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(1, list.length)]

export const onLease = (perform: Definition<ModelLease>['perform']): Omit<Definition<ModelLease>, 'verb'> => ({
  choose: (model, pick) => oneOf(model.leases, pick),
  describe: ({ run, worker, token }) => `${run.name} by ${worker} with token ${token}`,
  perform,
})

export const onRun = (
  which: (run: ModelRun) => boolean,
  perform: Definition<ModelRun>['perform'],
): Omit<Definition<ModelRun>, 'verb'> => ({
  choose: (model, pick) => oneOf(model.runs.filter(which), pick),
  describe: ({ name }) => name,
  perform,
})

/** Writes under a lease: it works if the lease is good, and is refused if not. */
export async function write(model: EngineModel, lease: ModelLease, work: () => Promise<unknown>, then: () => void) {
  if (model.isGood(lease)) {
    await work()
    then()
    return
  }
  tally.refusals += 1
  await expect(work()).rejects.toThrow(LeaseLostError)
  model.drop(lease)
}

export function leaseOf(real: Real, { run, token }: ModelLease) {
  return { tenantId: real.tenant.id, runId: run.id, token }
}

/** Status, holder, token, attempts and journal of every run are the model's, and no run is lost. */
export async function compare(model: EngineModel, { platform, tenant }: Real): Promise<void> {
  const rows = await platform.asSuperuser(
    `select r.id, r.status, r.worker, abs(h.lease_token) as token, h.lease_token > 0 as held,
            h.cancel_requested_by as "cancelRequestedBy", r.attempt, r.failed_attempts as "failedAttempts",
            r.worker_deaths as deaths, r.dead,
            r.status in ('queued', 'running', 'waiting') and r.available_at <= now() as due,
            e.journal, e.events = h.last_seq and e.last = h.last_seq as gapless
       from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id,
            lateral (select count(*) as events, max(seq) as last,
                            array_agg(type || coalesce(' ' || (data ->> 'attempt'), '') order by seq) as journal
                       from run_events e where e.tenant_id = r.tenant_id and e.run_id = r.id) e
      where r.tenant_id = $1 order by r.id`,
    [tenant.id],
  )
  const expected = model.runs
    .map(({ id, status, worker, token, cancelRequestedBy, attempt, failedAttempts, deaths, dead, due, journal }) => {
      const counts = { attempt, failedAttempts, deaths }
      const stored = { id, status, worker, token, cancelRequestedBy, ...counts, dead, due, journal }
      return { ...stored, held: status === 'running', gapless: true }
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
  expect(rows).toEqual(expected)
  // Whatever is open will be claimed: now, when its lease runs out, when its pause or timer is over, or when its child
  // ends.
  const lost = model
    .open()
    .filter(
      ({ status, due, waitsFor }) =>
        status === 'waiting' && !due && waitsFor !== 'timer' && !(waitsFor && isOpen(waitsFor)),
    )
  expect(lost).toEqual([])
}
