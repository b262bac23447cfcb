import { createPublicKey, sign, verify } from 'node:crypto'
import { type AuditCheckpoint, auditCheckpointSchema } from '@freehold/contracts'
import { canonicalJson } from '../canonical-json.ts'
import type { Tx } from '../db/database.ts'
import type { Anchors } from './anchors.ts'

/** Vouches for the entries up to one of them, which are then removed. An anchor doesn't: whoever may read has those. */
export function signCheckpoint(
  { privateKey }: Anchors,
  last: { tenantId: string; seq: number; hash: string },
): AuditCheckpoint {
  const { tenantId, seq, hash } = last
  const content = { purpose: 'retention', tenantId, seq, hash, at: new Date().toISOString() } as const
  return { ...content, signature: sign(null, Buffer.from(canonicalJson(content)), privateKey).toString('hex') }
}

/** What the first entry that is there has to follow from: nothing, or a checkpoint that the chain has further on. */
export async function findStart(
  tx: Tx,
  { privateKey }: Anchors,
  tenantId: string,
): Promise<{ seq: number; hash: string } | null> {
  const first = await tx.selectFrom('audit_entries').select('seq').orderBy('seq').limit(1).executeTakeFirst()
  if (!first || first.seq === 1) return null
  const pruned = await tx.selectFrom('audit_entries').select('after').where('action', '=', 'audit.pruned').execute()
  const publicKey = createPublicKey(privateKey)
  const checkpoints = pruned.map(({ after }) => parseCheckpoint(after)).filter((each) => each !== undefined)
  const found = checkpoints.find(({ signature, ...content }) => {
    if (content.tenantId !== tenantId || content.seq !== first.seq - 1) return false
    return verify(null, Buffer.from(canonicalJson(content)), publicKey, Buffer.from(signature, 'hex'))
  })
  return found ? { seq: found.seq, hash: found.hash } : null
}

function parseCheckpoint(after: unknown): AuditCheckpoint | undefined {
  if (typeof after !== 'object' || after === null || !('checkpoint' in after)) return undefined
  return auditCheckpointSchema.safeParse(after.checkpoint).data
}
