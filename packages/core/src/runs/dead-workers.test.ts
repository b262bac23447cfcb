import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { claimSome, finishClaimed, queueRuns } from './claim.fixture.ts'
import { type ClaimedRun, claimRuns } from './claim-runs.ts'
import { releaseRun, suspendRun } from './end-run.ts'
import { appendEvents, readJournal } from './journal.ts'
import { LeaseLostError } from './lease.ts'

let platform: TestPlatform

beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())
beforeEach(async () => {
  await platform.asSuperuser(`update agent_runs set status = 'cancelled', worker = null where finished_at is null`)
})

/** As if it were that time for the runs that are put off: what is due by then is so now, and nothing else is for an hour. */
async function turnClockTo(atMs: number): Promise<void> {
  await platform.asSuperuser(
    `update agent_runs set available_at =
        case when available_at <= $1 then least(available_at, now()) else available_at + interval '1 hour' end
      where status = 'queued'`,
    [new Date(atMs).toISOString()],
  )
}

describe('the runs of a dead worker', () => {
  const idsOf = (runs: readonly ClaimedRun[]) => runs.map(({ lease }) => lease.runId).toSorted()
  const journalOf = ({ lease, lastSeq }: ClaimedRun) => readJournal(platform.database, lease, lastSeq, 100)

  async function die(): Promise<void> {
    await platform.asSuperuser(`update agent_runs set available_at = now() where status = 'running'`)
  }

  function widestGap(timesMs: readonly number[]): { startMs: number; endMs: number } {
    const inOrder = timesMs.toSorted((a, b) => a - b)
    const gaps = inOrder.slice(1).map((endMs, index) => ({ startMs: inOrder[index] ?? endMs, endMs }))
    return gaps.reduce((widest, gap) => (gap.endMs - gap.startMs > widest.endMs - widest.startMs ? gap : widest))
  }

  test('come back at once the first time, and from the second on each at a time of its own, which its journal tells', async () => {
    await queueRuns(
      platform,
      platform.acme,
      Array.from({ length: 20 }, () => 1),
    )
    const first = await claimSome(platform, 20)
    await die()
    const second = await claimSome(platform, 20)
    expect(idsOf(second)).toEqual(idsOf(first))
    await die()
    // For one more than there are: a claim whose limit is reached asks again.
    expect(await claimSome(platform, 21)).toEqual([])
    const pauses = await Promise.all(
      second.map(async (run) => {
        const [failed, ...more] = await journalOf(run)
        if (failed?.type !== 'attempt.failed') throw new Error('the journal does not say that the attempt failed')
        expect(more).toEqual([])
        expect(failed.data).toMatchObject({ attempt: 2, error: { code: 'worker_lost' } })
        const retryAtMs = Date.parse(failed.data.retryAt)
        const pauseMs = retryAtMs - Date.parse(failed.at)
        expect(pauseMs).toBeGreaterThanOrEqual(999)
        expect(pauseMs).toBeLessThanOrEqual(10_000)
        return { run, retryAtMs }
      }),
    )
    const times = pauses.map(({ retryAtMs }) => retryAtMs)
    // Twenty that are drawn from nine seconds lie closer together once in a thousand million times.
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(2_500)

    const gap = widestGap(times)
    await turnClockTo((gap.startMs + gap.endMs) / 2)
    const third = await claimSome(platform, 20)
    const come = pauses.filter(({ retryAtMs }) => retryAtMs <= gap.startMs).map(({ run }) => run)
    expect(idsOf(third)).toEqual(idsOf(come))
    expect(new Set(third.map(({ attempt }) => attempt))).toEqual(new Set([3]))
  })

  test('take nothing from it while they are put off, should it be alive after all', async () => {
    await queueRuns(platform, platform.acme, [1])
    await claimSome(platform, 1)
    await die()
    const [stale] = await claimSome(platform, 1)
    if (!stale) throw new Error('it should have come back at once')
    await die()
    expect(await claimSome(platform, 2)).toEqual([])
    const before = await journalOf(stale)
    const late = { type: 'step.finished', data: { step: 'step:a:1', name: 'a', output: 1 } } as const
    const { lease, lastSeq } = stale
    const now = lastSeq + before.length
    const attempts = [
      { token: lease.token, after: lastSeq },
      { token: lease.token, after: now },
      // The token that went with putting it off, which nobody was given.
      { token: lease.token + 1, after: now },
    ]
    for (const { token, after } of attempts) {
      const held = { ...stale, lease: { ...lease, token }, lastSeq: after }
      const append = appendEvents(platform.database, held.lease, { after, events: [late] })
      await expect(append).rejects.toThrow(LeaseLostError)
      await expect(finishClaimed(platform, held)).rejects.toThrow(LeaseLostError)
    }
    expect(await journalOf(stale)).toEqual(before)
  })
})

describe('a run on its last attempt, that may have killed its workers', () => {
  /** Runs that have lost their worker so often, as the next claim finds them. */
  async function queueVictims(deaths: readonly number[]): Promise<void> {
    await queueRuns(
      platform,
      platform.acme,
      deaths.map(() => 1),
    )
    const runs = await claimSome(platform, deaths.length)
    for (const [index, { lease }] of runs.entries()) {
      await platform.asSuperuser(
        `update agent_runs set failed_attempts = $2, worker_deaths = $2, status = 'queued', available_at = now() where id = $1`,
        [lease.runId, deaths[index]],
      )
    }
  }
  const take = (beside: object = {}) =>
    claimRuns(platform.database, { worker: 'worker', limit: 10, leaseMs: 60_000, ...beside })
  const failures = (runs: readonly ClaimedRun[]) => runs.map(({ failedAttempts }) => failedAttempts).toSorted()

  test('is not beside another suspect of the same claim', async () => {
    await queueVictims([4, 4, 1, 3])
    await queueRuns(platform, platform.acme, [1, 1])
    const [suspect, ...others] = (await take()).toSorted((a, b) => b.failedAttempts - a.failedAttempts)
    expect(suspect).toMatchObject({ failedAttempts: 4, suspect: true, lastChance: true })
    expect(failures(others)).toEqual([0, 0])
  })

  test('waits where others are, takes the place of none meanwhile, and lets only those above suspicion join it', async () => {
    await queueVictims([4])
    await queueRuns(platform, platform.acme, [0])
    expect(failures(await take({ withSuspect: true, limit: 1 }))).toEqual([0])
    await turnClockTo(Date.now() + 3_000)
    expect(failures(await take())).toEqual([4])
    await queueVictims([1])
    await queueRuns(platform, platform.acme, [0])
    expect(failures(await take({ withSuspect: true, withLastChance: true, limit: 1 }))).toEqual([0])
    await turnClockTo(Date.now() + 3_000)
    expect(failures(await take({ withSuspect: true }))).toEqual([1])
  })

  test('waits for half a minute at the most', async () => {
    await queueVictims([4])
    expect(await take({ withSuspect: true })).toEqual([])
    await platform.asSuperuser(`update agent_runs set put_off_at = put_off_at - interval '31 seconds'`)
    await turnClockTo(Date.now() + 3_000)
    expect(await take({ withSuspect: true })).toMatchObject([{ lastChance: true }])
  })

  test('stays one when its worker lets it go in order, and is free to go anywhere once it has got ahead', async () => {
    await queueVictims([4])
    const [released] = await take()
    if (!released) throw new Error('nothing was claimed')
    await releaseRun(platform.database, released.lease, { after: released.lastSeq, events: [] })
    expect(await take({ withSuspect: true })).toEqual([])
    await turnClockTo(Date.now() + 3_000)
    const [ahead] = await take()
    if (!ahead) throw new Error('nothing was claimed')
    const timer = { step: 'timer:1', kind: 'timer', until: new Date(Date.now() - 1_000).toISOString() } as const
    await suspendRun(platform.database, ahead.lease, { after: ahead.lastSeq, events: [] }, [timer])
    expect(await take({ withSuspect: true })).toMatchObject([{ suspect: false, lastChance: false }])
  })
})
