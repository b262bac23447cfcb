import type { Environment, Release, ReleaseEntry, ReleaseEvidence, ReleaseTrial } from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { ReleaseHistory } from '../db/schema.gen.ts'
import { canaryOf, type ReleaseRow } from './change-release.ts'

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
