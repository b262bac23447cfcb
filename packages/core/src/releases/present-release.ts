import type { Environment, Release, ReleaseEntry, ReleaseEvidence, ReleaseTrial } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { ReleaseHistory } from '../db/schema.gen.ts'
import { canaryOf, type ReleaseRow } from './change-release.ts'

/** How far back a tenant's runs are looked through, of whatever agent they are. */
const earlierRuns = 2_000

/** What the newest runs of the stable version came to that it had before the canary: `lacking` of them at the most. */
export async function readEarlier(tx: Tx, row: ReleaseRow, lacking: number): Promise<ReleaseTrial> {
  const before = tx
    .selectFrom('agent_runs')
    .select(['id', 'agent', 'environment', 'version', 'status', 'cost_nanos'])
    // Both are in the order of time, so the primary key finds them.
    .where('tenant_id', '=', row.tenant_id)
    .where('id', '<', row.canary_id)
    .orderBy('id', 'desc')
    .limit(earlierRuns)
  const ofStable = tx
    .selectFrom(before.as('before'))
    .select(['status', 'cost_nanos'])
    .where('agent', '=', row.agent)
    .where('environment', '=', row.environment)
    .where('version', '=', row.version)
    .where('status', 'in', ['succeeded', 'failed'])
    .orderBy('id', 'desc')
    .limit(lacking)
  return tx
    .selectFrom(ofStable.as('runs'))
    .select([
      sql<number>`count(*)::int`.as('ended'),
      sql<number>`count(*) filter (where status = 'failed')::int`.as('failed'),
      sql<number>`coalesce(sum(cost_nanos), 0)::bigint`.as('costNanos'),
    ])
    .executeTakeFirstOrThrow()
}

/** What the runs of a trial came to so far, by the version that they ran. */
export async function readTrial(
  tx: Tx,
  row: Pick<ReleaseRow, 'canary_id' | 'version' | 'canary_version'>,
): Promise<{ stable: ReleaseTrial; canary: ReleaseTrial }> {
  const counts = await tx
    .selectFrom('agent_runs')
    .select([
      'version',
      sql<number>`count(*)::int`.as('ended'),
      sql<number>`count(*) filter (where status = 'failed')::int`.as('failed'),
      sql<number>`sum(cost_nanos)::bigint`.as('costNanos'),
    ])
    .where('canary_id', '=', row.canary_id)
    // Spelled out as the index has it. What people cancel says nothing about a version.
    .where(sql<boolean>`status in ('succeeded', 'failed')`)
    .groupBy('version')
    .execute()
  const of = (version: number | null): ReleaseTrial => {
    const { ended = 0, failed = 0, costNanos = 0 } = counts.find((count) => count.version === version) ?? {}
    return { ended, failed, costNanos }
  }
  return { stable: of(row.version), canary: of(row.canary_version) }
}

export async function toRelease(tx: Tx, row: ReleaseRow): Promise<Release> {
  const canary = canaryOf(row)
  return {
    agent: row.agent,
    // Has a check constraint.
    environment: row.environment as Environment,
    version: row.version,
    canary: canary && {
      version: canary.version,
      ...canary.rules,
      startedAt: row.canary_started_at?.toISOString() ?? '',
      trial: await readTrial(tx, row),
    },
  }
}

export function toEntry(row: Selectable<ReleaseHistory>): ReleaseEntry {
  return {
    number: row.number,
    // Has a check constraint.
    kind: row.kind as ReleaseEntry['kind'],
    version: row.version,
    replacedVersion: row.replaced_version,
    canaryVersion: row.canary_version,
    canaryPercent: row.canary_percent,
    comment: row.comment,
    forced: row.forced,
    by: row.released_by,
    approvedBy: row.approved_by,
    // Written by `judgeCanaries` only.
    evidence: row.evidence as ReleaseEvidence | null,
    at: row.released_at.toISOString(),
  }
}
