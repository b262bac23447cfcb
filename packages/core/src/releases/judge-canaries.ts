import type { CanaryRules, Environment, ReleaseTrial } from '@freehold/contracts'
import { sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Bus } from '../bus/bus.ts'
import type { Database, Tx } from '../db/database.ts'
import { actorName } from '../identity/caller.ts'
import { announceRollback } from './announce-rollback.ts'
import { canaryOf, changeRelease, describeRelease, type ReleaseRow } from './change-release.ts'
import { readEarlier, readTrial } from './present-release.ts'

/** A canary is judged so often at the most, by whichever worker comes first. */
const everyMs = 2_000
const canariesPerRound = 100
/** Who rolled a release back when nobody did. */
const judge = { kind: 'system', id: 'canary', name: 'canary' }
const judgeName = actorName({ actor: judge })

interface Place {
  tenantId: string
  agent: string
  environment: Environment
}

export interface JudgeOptions {
  onRollback: (place: Place & { reason: string }) => void
  onFailure: (error: unknown, place: Place) => void
}

/**
 * Rolls back the canaries that do worse than their rules allow. Any number of workers may do so at once: the release is
 * locked, so that a canary is rolled back once, with its entry in the history and what the webhooks are told.
 */
export async function judgeCanaries(
  { database, bus }: { database: Database; bus: Bus },
  { onRollback, onFailure }: JudgeOptions,
): Promise<void> {
  const rows = await database.call<{ tenant_id: string; agent: string; environment: Environment }>(
    'find-canaries',
    'select * from door_find_canaries($1, $2)',
    [everyMs, canariesPerRound],
  )
  for (const { tenant_id: tenantId, agent, environment } of rows) {
    const place = { tenantId, agent, environment }
    try {
      const reason = await database.withTenant(tenantId, (tx) => judgeCanary(tx, place))
      if (reason === undefined) continue
      bus.publish({ kind: 'work' })
      onRollback({ ...place, reason })
    } catch (error) {
      onFailure(error, place)
    }
  }
}

/** Returns why the canary was rolled back, if it was. */
async function judgeCanary(tx: Tx, place: Place): Promise<string | undefined> {
  const row = await tx
    .selectFrom('agent_releases')
    .selectAll()
    .where('agent', '=', place.agent)
    .where('environment', '=', place.environment)
    .where('canary_checked_at', '<=', sql<Date>`now() - ${everyMs} * interval '1 millisecond'`)
    .forNoKeyUpdate()
    // Whoever holds it is judging it, or changing it, just now.
    .skipLocked()
    .executeTakeFirst()
  const canary = row && canaryOf(row)
  if (!row || !canary) return undefined
  const trial = await readTrial(tx, row)
  // A large share leaves the stable version few runs, so what it did before counts for those that it lacks.
  const lacking = canary.rules.minRuns - trial.stable.ended
  const isDue = trial.canary.ended >= canary.rules.minRuns
  const earlier = isDue && lacking > 0 ? await readEarlier(tx, row, lacking) : undefined
  const reason = findFault(canary.rules, earlier ? sum(trial.stable, earlier) : trial.stable, trial.canary)
  if (reason === undefined) {
    await putOff(tx, row)
    return undefined
  }
  const evidence = { ...trial, ...(earlier && { earlier }), reason }
  const kind = 'canary_rolled_back'
  await changeRelease(tx, place, row, { kind, version: row.version, canary: null, by: judgeName, evidence })
  await announceRollback(tx, place, { from: canary.version, to: row.version, by: judgeName, evidence })
  const author = { tenantId: place.tenantId, actor: judge, requestId: `canary:${row.canary_id}` }
  await recordChange(tx, author, {
    action: 'release.rolled-back',
    subjectId: `${place.agent}/${place.environment}`,
    before: describeRelease(row),
    after: { version: row.version, canary: null, evidence },
  })
  return reason
}

function putOff(tx: Tx, row: ReleaseRow): Promise<unknown> {
  return tx
    .updateTable('agent_releases')
    .set({ canary_checked_at: sql<Date>`now()` })
    .where('agent', '=', row.agent)
    .where('environment', '=', row.environment)
    .execute()
}

/** What the rules forbid of what the canary did, in words; undefined when it may go on. */
export function findFault(rules: CanaryRules, stable: ReleaseTrial, canary: ReleaseTrial): string | undefined {
  const { minRuns, maxErrorPoints, maxCostPercent } = rules
  if (canary.ended < minRuns) return undefined
  if (maxErrorPoints !== null) {
    const percent = (100 * canary.failed) / canary.ended
    // A few runs that went well by chance must not condemn the canary, so those that lack count against the stable version;
    // but nothing is worse than to fail always.
    const lacking = percent < 100 ? Math.max(0, minRuns - stable.ended) : 0
    const allowed = (100 * (stable.failed + lacking)) / Math.max(1, stable.ended + lacking) + maxErrorPoints
    if (percent > allowed) return `${describe(percent)}% of its runs failed; up to ${describe(allowed)}% was allowed`
  }
  if (maxCostPercent !== null && stable.ended >= minRuns) {
    const allowed = (stable.costNanos / stable.ended) * (1 + maxCostPercent / 100)
    const cost = canary.costNanos / canary.ended
    if (cost > allowed) {
      return `a run cost ${Math.round(cost)} nano-USD on average; up to ${Math.round(allowed)} was allowed`
    }
  }
  return undefined
}

function sum(some: ReleaseTrial, others: ReleaseTrial): ReleaseTrial {
  return {
    ended: some.ended + others.ended,
    failed: some.failed + others.failed,
    costNanos: some.costNanos + others.costNanos,
  }
}

function describe(percent: number): string {
  return percent.toFixed(1)
}
