import type { ReleaseEvidence } from '@freehold/contracts'
import { sql } from 'kysely'
import type { Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'

export interface Rollback {
  from: number
  to: number
  by: string
  /** The numbers behind it; null when a person decided. */
  evidence: ReleaseEvidence | null
}

/** Tells the tenant's webhooks, if the transaction commits. */
export async function announceRollback(
  tx: Tx,
  at: { tenantId: string; agent: string; environment: string },
  rollback: Rollback,
): Promise<void> {
  const { tenantId, agent, environment } = at
  const { from, to, by, evidence } = rollback
  const data = encodeJson({ agent, environment, from, to, by, automatic: evidence !== null, evidence })
  await sql`select emit_webhook(${tenantId}, 'release.rolled_back', ${data}::jsonb)`.execute(tx)
}
