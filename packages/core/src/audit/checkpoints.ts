import { createPublicKey, sign, verify } from 'node:crypto'
import { type AuditCheckpoint, auditCheckpointSchema } from '@freehold/contracts'
import { z } from 'zod'
import { canonicalJson } from '../canonical-json.ts'
import type { Tx } from '../db/database.ts'
import type { Anchors } from './anchors.ts'
import type { Head } from './find-flaw.ts'

/** Vouches for the entries up to one of them, which are then removed. An anchor doesn't: whoever may read has those. */
export function signCheckpoint(
  { privateKey }: Anchors,
  last: { tenantId: string; seq: number; hash: string },
): AuditCheckpoint {
  const { tenantId, seq, hash } = last
  const content = { purpose: 'retention', tenantId, seq, hash, at: new Date().toISOString() } as const
  return { ...content, signature: sign(null, Buffer.from(canonicalJson(content)), privateKey).toString('hex') }
}

/** What vouches for entries that were removed. */
export interface Checkpoint extends Head {
  /** Whether they were in the archive by then. */
  archived: boolean
  /** The entry that it stands in. */
  statedIn: number
}

/** The checkpoint in an entry, if this installation signed one there. */
export function findCheckpoint(
  { seq: statedIn, action, after }: { seq: number; action: string; after: unknown },
  { privateKey }: Anchors,
  tenantId: string,
): Checkpoint | undefined {
  const found = action === 'audit.pruned' ? prunedSchema.safeParse(after).data : undefined
  if (found?.checkpoint.tenantId !== tenantId) return undefined
  const { signature, ...content } = found.checkpoint
  const signed = Buffer.from(canonicalJson(content))
  if (!verify(null, signed, createPublicKey(privateKey), Buffer.from(signature, 'hex'))) return undefined
  return { seq: content.seq, hash: content.hash, archived: found.archived, statedIn }
}

const prunedSchema = z.object({ checkpoint: auditCheckpointSchema, archived: z.boolean().default(false) })

/** Those that the chain has. */
export async function readCheckpoints(tx: Tx, anchors: Anchors, tenantId: string): Promise<Checkpoint[]> {
  const pruned = tx.selectFrom('audit_entries').select(['seq', 'action', 'after']).where('action', '=', 'audit.pruned')
  const entries = await pruned.execute()
  return entries.map((entry) => findCheckpoint(entry, anchors, tenantId)).filter((found) => found !== undefined)
}

/** What the first entry that is there has to follow from: nothing, or a checkpoint that the chain has further on. */
export async function findStart(tx: Tx, anchors: Anchors, tenantId: string): Promise<Head | null> {
  const first = await tx.selectFrom('audit_entries').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  if (!first || first.seq === 1) return null
  const found = (await readCheckpoints(tx, anchors, tenantId)).find(({ seq }) => seq === first.seq - 1)
  return found ? { seq: found.seq, hash: found.hash } : null
}
