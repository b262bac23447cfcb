import { z } from 'zod'
import { idSchema } from './tenants.ts'

export const deleteTenantSchema = z.strictObject({
  /** The name of the tenant, so that no other one is deleted by mistake. */
  name: z.string(),
})
export type DeleteTenant = z.output<typeof deleteTenantSchema>

export const deletionCertificateSchema = z
  .object({
    purpose: z.literal('deletion'),
    tenantId: idSchema,
    name: z.string(),
    startedAt: z.iso.datetime(),
    startedBy: z.string(),
    deletedAt: z.iso.datetime(),
    auditHead: z
      .object({ seq: z.int(), hash: z.string() })
      .nullable()
      .meta({ description: 'The newest entry of the audit chain, which was deleted, too.' }),
    rows: z
      .record(z.string(), z.object({ before: z.int(), after: z.int() }))
      .meta({ description: 'By table: when the deletion began, and at its end.' }),
    secretValues: z.object({ vault: z.string(), before: z.int(), after: z.int() }),
    vaultKeys: z.object({ before: z.int(), after: z.int() }).optional().meta({
      description: 'Keys of the tenant that a vault has outside of the database; absent with a vault without.',
    }),
    objects: z
      .object({ store: z.string(), before: z.int(), after: z.int() })
      .optional()
      .meta({ description: 'Files in the object store; absent in a certificate from before there was one.' }),
    keyId: z
      .string()
      .meta({ description: 'The JWK thumbprint (RFC 7638) of the key that signed: that of the audit anchors.' }),
    signature: z.string().meta({ description: 'Ed25519 over the canonical JSON of the other fields, in base64url.' }),
  })
  .meta({ id: 'DeletionCertificate', description: 'What proves that nothing of a tenant is left.' })
export type DeletionCertificate = z.output<typeof deletionCertificateSchema>

export const tenantDeletionSchema = z
  .object({
    tenantId: idSchema,
    name: z.string(),
    status: z.enum(['deleting', 'deleted']),
    remainingRows: z.int(),
    certificate: deletionCertificateSchema.nullable(),
  })
  .meta({ id: 'TenantDeletion' })
export type TenantDeletion = z.output<typeof tenantDeletionSchema>
