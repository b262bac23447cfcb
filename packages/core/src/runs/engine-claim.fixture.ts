import { expect } from 'vitest'
import { claimRuns } from './claim-runs.ts'
import { type Real, tally } from './engine-command.fixture.ts'
import {
  type EngineModel,
  isLastChance,
  longestPauseMs,
  type ModelLease,
  type ModelRun,
  shortestPauseMs,
} from './engine-model.fixture.ts'

export interface ModelClaim {
  worker: string
  limit: number
  leaseMs: number
}

/** A worker claims, and must get what the model allows. */
export async function claim(model: EngineModel, real: Real, { worker, limit, leaseMs }: ModelClaim): Promise<void> {
  const due = model.open().filter((run) => run.due)
  const held = model.leases.filter((lease) => lease.worker === worker)
  const withSuspect = held.some(({ suspect }) => suspect)
  const withLastChance = held.some(({ lastChance }) => lastChance)
  const answer = await claimRuns(real.platform.database, { worker, limit, leaseMs, withSuspect, withLastChance })
  const touched = await touchedRuns(model, real)
  if (answer.length < limit) expect(touched).toHaveLength(due.length)
  expect(touched.filter((run) => !due.includes(run)).map(({ name }) => name)).toEqual([])
  const leases: ModelLease[] = []
  const withoutRoom: ModelRun[] = []
  for (const run of touched) {
    const before = { ...run }
    const isAnswered = answer.some(({ lease: { runId } }) => runId === run.id)
    const lease = model.claim(run, worker, isAnswered)
    if (lease) {
      leases.push(lease)
      count(lease, before)
      continue
    }
    // Otherwise it only cools off.
    if (before.status === 'queued' || run.deaths === 1) withoutRoom.push(run)
    await putOff(real, run, before)
  }
  expect(answer).toHaveLength(leases.length)
  expectRoom(held, leases, withoutRoom)
  for (const lease of leases) {
    const found = answer.find(({ lease: { runId } }) => runId === lease.run.id)
    if (!found) throw new Error(`${lease.run.name} was claimed, and is missing from the answer`)
    const { attempt, failedAttempts, cancelRequestedBy } = lease.run
    const { token, spent, lastSeq, suspect, lastChance } = lease
    const handed = { lease: { token }, spent, lastSeq, suspect, lastChance }
    expect(found).toMatchObject({ ...handed, attempt, failedAttempts, cancelRequestedBy })
    real.claimed.set(lease, found)
  }
}

function count({ spent }: ModelLease, { status, waitsFor }: ModelRun): void {
  if (spent) tally.spent += 1
  else if (status === 'running') tally.takeovers += 1
  else if (status === 'waiting' && waitsFor !== 'timer') tally.wokenByChild += 1
}

async function putOff(real: Real, run: ModelRun, before: ModelRun): Promise<void> {
  tally.postponed += 1
  if (before.status === 'queued') {
    const [pause] = await real.platform.asSuperuser<{ soon: boolean }>(
      `select available_at between put_off_at + interval '0.5 seconds' and now() + interval '1.5 seconds' as soon
         from agent_runs where id = $1`,
      [run.id],
    )
    expect(pause?.soon).toBe(true)
    return setAvailable(real, run, '1 hour')
  }
  await holdPause(real, run, { shortestMs: shortestPauseMs(run), longestMs: longestPauseMs(run) })
}

/** A run on its last chance stands beside no other suspect, and nothing is put off for any other reason. */
function expectRoom(held: readonly ModelLease[], taken: readonly ModelLease[], withoutRoom: readonly ModelRun[]): void {
  const suspects = [...held, ...taken].filter(({ suspect }) => suspect)
  const fresh = taken.filter(({ suspect }) => suspect)
  if (fresh.some(({ lastChance }) => lastChance)) expect(suspects).toHaveLength(1)
  if (held.some(({ lastChance }) => lastChance)) expect(fresh).toEqual([])
  tally.withoutRoom += withoutRoom.length
  for (const run of withoutRoom) {
    if (isLastChance(run)) expect(suspects.length).toBeGreaterThan(0)
    else expect(suspects.filter(({ lastChance }) => lastChance).length).toBeGreaterThan(0)
  }
}

/** Which of the runs that are due it takes is the claim's choice. Those that it took have a new token. */
async function touchedRuns(model: EngineModel, real: Real): Promise<ModelRun[]> {
  const rows = await real.platform.asSuperuser<{ id: string; token: number }>(
    'select run_id as id, abs(lease_token) as token from run_heads where tenant_id = $1',
    [real.tenant.id],
  )
  const tokens = new Map(rows.map(({ id, token }) => [id, token]))
  return model.runs.filter(({ id, token }) => tokens.get(id) !== token)
}

/** A run that is put off becomes claimable when its journal says so. From here on its pause ends by the clock command only. */
export async function holdPause(
  real: Real,
  { id }: ModelRun,
  { shortestMs, longestMs }: { shortestMs: number; longestMs: number },
): Promise<void> {
  const [pause] = await real.platform.asSuperuser<{ retryAt: string | null; claimableAt: string; ms: number }>(
    `select e.data ->> 'retryAt' as "retryAt", extract(epoch from r.available_at - e.at) * 1000 as ms,
            to_char(r.available_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "claimableAt"
       from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
       join run_events e on e.tenant_id = h.tenant_id and e.run_id = h.run_id and e.seq = h.last_seq
      where r.id = $1`,
    [id],
  )
  expect(pause?.retryAt).toBe(pause?.claimableAt)
  expect(pause?.ms).toBeGreaterThanOrEqual(shortestMs)
  expect(pause?.ms).toBeLessThanOrEqual(longestMs)
  await setAvailable(real, { id }, '1 hour')
}

export async function setAvailable(real: Real, { id }: Pick<ModelRun, 'id'>, inTime: string): Promise<void> {
  await real.platform.asSuperuser(`update agent_runs set available_at = now() + $2::interval where id = $1`, [
    id,
    inTime,
  ])
}
