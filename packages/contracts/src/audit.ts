import { z } from 'zod'
import { queryFlag, timeSchema } from './operation.ts'
import { idSchema } from './tenants.ts'

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)

export const auditEntrySchema = z
  .object({
    tenantId: idSchema,
    seq: z.int().meta({ description: 'Counts from 1 without a gap, for each tenant.' }),
    at: z.iso.datetime(),
    actor: z.string().meta({ description: 'Who did it, such as `api_key:<id>`.' }),
    actorName: z.string(),
    // Not the closed list: an entry of a newer release can be read, too.
    action: z.string(),
    subject: z.object({ kind: z.string(), id: z.string() }),
    before: z.unknown().meta({ description: 'Null for what was not there. Secrets are masked.' }),
    after: z.unknown().meta({ description: 'Null for what is gone. Secrets are masked.' }),
    requestId: z.string(),
    address: z.string().nullable().meta({ description: 'Where the request came from, as the gateway saw it.' }),
    previousHash: hashSchema,
    hash: hashSchema.meta({ description: 'SHA-256 of the canonical JSON (RFC 8785) of all the other fields.' }),
  })
  .meta({ id: 'AuditEntry', description: 'One change, chained to the one before it.' })
export type AuditEntry = z.output<typeof auditEntrySchema>

export const auditAnchorSchema = z
  .object({
    tenantId: idSchema,
    seq: z.int(),
    hash: hashSchema,
    at: z.iso.datetime(),
    keyId: z.string().meta({ description: 'The JWK thumbprint (RFC 7638) of the key that signed.' }),
    signature: z.string().meta({ description: 'Ed25519 over the canonical JSON of the other fields, in base64url.' }),
  })
  .meta({ id: 'AuditAnchor', description: 'How far a chain had come, signed and kept outside of the database.' })
export type AuditAnchor = z.output<typeof auditAnchorSchema>

export const auditAnchorsSchema = z.object({
  publicKey: z.record(z.string(), z.string()).meta({ description: 'The key that signs here, as a JWK.' }),
  items: z.array(auditAnchorSchema),
})
export type AuditAnchors = z.output<typeof auditAnchorsSchema>

export const auditCheckpointSchema = z
  .object({
    purpose: z.literal('retention'),
    tenantId: idSchema,
    seq: z.int().meta({ description: 'The last entry that was removed.' }),
    hash: hashSchema,
    at: z.iso.datetime(),
    signature: z.string().meta({ description: 'Ed25519 over the canonical JSON of the other fields, in hex.' }),
  })
  .meta({ id: 'AuditCheckpoint', description: 'Vouches for entries that were removed, in the entry that says so.' })
export type AuditCheckpoint = z.output<typeof auditCheckpointSchema>

export const pruneAuditSchema = z.strictObject({
  before: timeSchema.meta({ description: 'Entries from before this point in time are removed.' }),
})
export type PruneAudit = z.output<typeof pruneAuditSchema>

export const auditPruningSchema = z
  .object({
    removed: z.int(),
    prunedSeq: z.int().nullable().meta({ description: 'The last entry that was removed.' }),
    unarchived: z.int().meta({ description: 'Entries that would be removed, too, if they were in the archive.' }),
  })
  .meta({ id: 'AuditPruning' })
export type AuditPruning = z.output<typeof auditPruningSchema>

const storeSchema = z.enum(['folder', 's3'])

export const archiveVerificationSchema = z
  .object({
    store: storeSchema,
    segments: z.int().meta({ description: 'Segments that were found whole, in order.' }),
    firstSeq: z.int().nullable(),
    lastSeq: z.int().nullable().meta({ description: 'How far the archive reaches.' }),
    problem: z
      .object({
        segment: z.string().nullable().meta({ description: 'The object; null where it is missing.' }),
        seq: z.int().meta({ description: 'The first entry that is not as it was.' }),
        reason: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'AuditArchiveVerification' })
export type ArchiveVerification = z.output<typeof archiveVerificationSchema>

export const auditArchiveStatusSchema = z
  .object({
    store: storeSchema.nullable().meta({ description: 'Null where nothing is archived.' }),
    segments: z.int(),
    archivedSeq: z.int().meta({ description: 'How far the archive reaches.' }),
    waiting: z.int().meta({ description: 'Entries that are not archived yet.' }),
    waitingSince: z.iso.datetime().nullable().meta({ description: 'When the oldest of them was written.' }),
    overdue: z.boolean().meta({ description: 'Whether it should have been archived by now.' }),
  })
  .meta({ id: 'AuditArchiveStatus' })
export type AuditArchiveStatus = z.output<typeof auditArchiveStatusSchema>

export const verifyAuditQuery = z.strictObject({
  /** Without it the archive is not read. */
  archive: queryFlag.prefault('true'),
})

export const auditVerificationSchema = z
  .object({
    ok: z.boolean(),
    entries: z.int().meta({ description: 'Entries that were found in order.' }),
    head: z.object({ seq: z.int(), hash: hashSchema }).nullable(),
    prunedSeq: z.int().nullable().meta({ description: 'Up to here entries were removed, as a checkpoint says.' }),
    anchors: z.int().meta({ description: 'Anchors that the chain was compared with.' }),
    anchoredSeq: z.int().nullable().meta({ description: 'How far the newest anchor reaches.' }),
    problem: z
      .object({ seq: z.int().meta({ description: 'The first entry that is not as it was.' }), reason: z.string() })
      .nullable(),
    archive: archiveVerificationSchema
      .nullable()
      .meta({ description: 'Null where there is none, or it was not read.' }),
  })
  .meta({ id: 'AuditVerification' })
export type AuditVerification = z.output<typeof auditVerificationSchema>
