import { auditAnchorSchema, planNameSchema, tenantNameSchema } from '@freehold/contracts'
import { z } from 'zod'
import { isObjectKey, maxObjectBytes } from '../../objects/object-store.ts'

export const archiveFormat = 'freehold-tenant/1'
/** Says which files of the object store come after it. */
export const objectsFile = 'objects'

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)

export const manifestSchema = z.strictObject({
  format: z.literal(archiveFormat),
  exportedAt: z.iso.datetime(),
  tenant: z.strictObject({ id: z.uuid(), name: tenantNameSchema, plan: planNameSchema }),
  /** The newest entry of the audit chain, and how far it had come by the newest anchor of it. */
  auditHead: z.strictObject({ seq: z.int(), hash: hashSchema }).nullable(),
  auditAnchor: auditAnchorSchema.nullable(),
  /** What was found when the chain was verified for the export; null when it was whole. */
  auditProblem: z.strictObject({ seq: z.int(), reason: z.string() }).nullable(),
  /** The key that anchors and checkpoints are signed with, as a JWK. */
  publicKey: z.record(z.string(), z.string()),
  files: z
    .array(
      z.strictObject({
        name: z.string().max(63),
        rows: z.int().min(0),
        bytes: z.int().min(0),
        sha256: hashSchema,
        columns: z.array(z.string().max(63)).max(200),
      }),
    )
    .max(200),
})
export type Manifest = z.output<typeof manifestSchema>
export type ArchivedFile = Manifest['files'][number]

/** A line of `objects.jsonl`; the bytes follow as `objects/<key>`. */
export const archivedObjectSchema = z.strictObject({
  key: z.string().refine((key) => isObjectKey(key) && isMoving(key), 'must be a key of an object that moves'),
  bytes: z.int().min(0).max(maxObjectBytes),
  sha256: hashSchema,
})
export type ArchivedObject = z.output<typeof archivedObjectSchema>

/** The tables that move with a tenant. A new table of tenants' data is added here or below. */
export const movingTables = [
  'tenants',
  'agent_releases',
  'agent_runs',
  'agent_templates',
  'approval_decisions',
  'approvals',
  'audit_entries',
  'brandings',
  'budget_reservations',
  'budget_windows',
  'budgets',
  'connections',
  'feature_flags',
  'logos',
  'messages',
  'release_decisions',
  'release_history',
  'release_requests',
  'resource_owners',
  'run_events',
  'run_heads',
  'schedules',
  'secrets',
  'service_consumers',
  'services',
  'teams',
  'threads',
  'usage_records',
  'webhooks',
]

/** And those that don't, with the reason. */
export const stayingTables: Record<string, string> = {
  api_keys: 'a key belongs to its installation, and is named in a file of its own; the import makes a first one',
  custom_hosts: 'a host is proven to be of one installation',
  data_keys: 'they are wrapped by the master key of their installation',
  secret_values: 'values never leave the vault',
  idempotency_keys: 'answers of a day, encrypted by keys that nobody kept',
  memberships:
    'people belong to their installation; who was a member, was invited or had a key is in files of their own',
  team_members: 'like memberships',
  invitations: 'like memberships, and their tokens are hashed',
  run_counts: 'counted anew with the next run',
  storage_measures: 'measured anew',
}

/** Columns that stay: what only their installation can read, or has made. */
export const stayingColumns: Record<string, readonly string[]> = {
  tenants: ['deletion', 'last_claimed_at', 'transit_key_version'],
  webhooks: ['secret', 'previous_secret', 'previous_secret_until'],
}

/** Folders of the object store that stay, with the reason. */
const stayingFolders: Record<string, string> = {
  'audit/': 'the chain moves, and is archived anew where it comes to',
}

export function isMoving(key: string): boolean {
  return !Object.keys(stayingFolders).some((folder) => key.startsWith(folder))
}
