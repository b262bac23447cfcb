import { join } from 'node:path'
import { createFolderObjects, createS3Objects, type ObjectStore } from '@freehold/core'
import { z } from 'zod'
import { Secret } from './secret.ts'

export interface S3Settings {
  kind: 's3'
  bucket: string
  prefix: string
  /** Those of AWS for the region when absent. */
  endpoint: string | undefined
  region: string | undefined
  pathStyle: boolean
  /** From where AWS's own tools take them when absent. */
  credentials: { accessKeyId: string; secretAccessKey: Secret } | undefined
  kmsKey: string | undefined
  lock: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number } | undefined
}
export type ObjectsConfig = { kind: 'folder' } | S3Settings

export interface AuditArchiveConfig {
  afterMs: number
}

const onOrOff = z.enum(['on', 'off']).optional()
const schema = z.object({
  FREEHOLD_OBJECTS: z.enum(['folder', 's3']).default('folder'),
  FREEHOLD_S3_BUCKET: z.string().optional(),
  FREEHOLD_S3_PREFIX: z
    .string()
    .regex(/^[\w.-]+(\/[\w.-]+)*\/?$/, 'must be names between slashes, such as "freehold"')
    .transform((prefix) => prefix.replace(/\/?$/, '/'))
    .optional(),
  FREEHOLD_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  FREEHOLD_S3_REGION: z.string().optional(),
  FREEHOLD_S3_PATH_STYLE: onOrOff,
  FREEHOLD_S3_ACCESS_KEY_ID: z.string().optional(),
  FREEHOLD_S3_SECRET_ACCESS_KEY: z.string().optional(),
  FREEHOLD_S3_KMS_KEY: z.string().optional(),
  FREEHOLD_S3_LOCK_DAYS: z.coerce.number().int().min(1).max(36_500).optional(),
  FREEHOLD_S3_LOCK_MODE: z.enum(['governance', 'compliance']).default('governance'),
  FREEHOLD_AUDIT_ARCHIVE: onOrOff,
  FREEHOLD_AUDIT_ARCHIVE_SECONDS: z.coerce.number().int().min(1).max(604_800).default(3_600),
})
type Read = z.output<typeof schema>

/** Adds what is wrong to `problems`; undefined then. */
export function readObjectsConfig(
  given: NodeJS.ProcessEnv,
  problems: string[],
): { objects: ObjectsConfig; auditArchive: AuditArchiveConfig | undefined } | undefined {
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
    return undefined
  }
  const read = parsed.data
  const inBucket = read.FREEHOLD_OBJECTS === 's3'
  if (!inBucket && read.FREEHOLD_S3_BUCKET) problems.push('FREEHOLD_S3_BUCKET: is for FREEHOLD_OBJECTS=s3')
  // A copy beside the database is for whoever asks for it.
  const archives = (read.FREEHOLD_AUDIT_ARCHIVE ?? (inBucket ? 'on' : 'off')) === 'on'
  return {
    objects: inBucket ? readS3(read, problems) : { kind: 'folder' },
    auditArchive: archives ? { afterMs: read.FREEHOLD_AUDIT_ARCHIVE_SECONDS * 1_000 } : undefined,
  }
}

function readS3(read: Read, problems: string[]): S3Settings {
  const { FREEHOLD_S3_ACCESS_KEY_ID: accessKeyId, FREEHOLD_S3_SECRET_ACCESS_KEY: secretAccessKey } = read
  if (!read.FREEHOLD_S3_BUCKET) problems.push('FREEHOLD_S3_BUCKET: the object store "s3" needs the name of its bucket')
  if (!accessKeyId !== !secretAccessKey) {
    problems.push('FREEHOLD_S3_ACCESS_KEY_ID: goes with FREEHOLD_S3_SECRET_ACCESS_KEY; give both, or neither')
  }
  const { FREEHOLD_S3_ENDPOINT: endpoint, FREEHOLD_S3_LOCK_DAYS: days, FREEHOLD_S3_LOCK_MODE: mode } = read
  return {
    kind: 's3',
    bucket: read.FREEHOLD_S3_BUCKET ?? '',
    prefix: read.FREEHOLD_S3_PREFIX ?? '',
    endpoint,
    // Servers of others have mostly one, which they take this name for.
    region: read.FREEHOLD_S3_REGION ?? (endpoint && 'us-east-1'),
    pathStyle: read.FREEHOLD_S3_PATH_STYLE ? read.FREEHOLD_S3_PATH_STYLE === 'on' : endpoint !== undefined,
    credentials:
      accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey: new Secret(secretAccessKey) } : undefined,
    kmsKey: read.FREEHOLD_S3_KMS_KEY,
    lock: days ? { mode: mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE', days } : undefined,
  }
}

/** Where this installation keeps files of tenants. */
export function openObjects({ objects, dataDir }: { objects: ObjectsConfig; dataDir: string }): ObjectStore {
  if (objects.kind === 'folder') return createFolderObjects(join(dataDir, 'objects'))
  const { bucket, prefix, kmsKey, lock, endpoint, region, pathStyle, credentials } = objects
  const client = {
    forcePathStyle: pathStyle,
    ...(endpoint && { endpoint }),
    ...(region && { region }),
    ...(credentials && { credentials: { ...credentials, secretAccessKey: credentials.secretAccessKey.reveal() } }),
  }
  return createS3Objects({ bucket, prefix, kmsKey, lock, client })
}
