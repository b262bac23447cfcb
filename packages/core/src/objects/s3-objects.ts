import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { FreeholdError } from '@freehold/contracts'
import { assertSize, groundOf, isObjectKey, type ObjectRef, type ObjectStore, pathOf } from './object-store.ts'

type Sdk = typeof import('@aws-sdk/client-s3')

export interface S3Config {
  bucket: string
  /** Before every path: empty, or names that end with a slash. */
  prefix?: string
  /** The key of KMS that objects are encrypted with; as the bucket has it when absent. */
  kmsKey?: string | undefined
  /** For how long nobody can change or delete what is stored once, in a bucket with Object Lock. */
  lock?: { mode: 'GOVERNANCE' | 'COMPLIANCE'; days: number } | undefined
  /** Region, credentials and end point come from where AWS's own tools take them, unless they are here. */
  client?: S3ClientConfig
  timeoutMs?: number
}

interface Bucket {
  Bucket: string
  /** Asks for something, and resolves with the answer if that is there in time. */
  ask<T>(work: (sdk: Sdk, client: S3Client, within: { abortSignal: AbortSignal }) => Promise<T>): Promise<T>
}

const versionsAtOnce = 16
const deletingMs = 30_000
const dayMs = 86_400_000

/** Objects in a bucket of S3, or of what speaks its protocol. The SDK is loaded with the first object. */
export function createS3Objects({ prefix = '', kmsKey, lock, ...config }: S3Config): ObjectStore {
  const bucket = openBucket(config)
  const nameOf = (object: ObjectRef) => `${prefix}${pathOf(object)}`
  const encryption = kmsKey ? { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKey } : {}
  const store = async (object: ObjectRef, Body: Uint8Array, conditions: object) => {
    assertSize(Body)
    const input = { Bucket: bucket.Bucket, Key: nameOf(object), Body, ...encryption, ...conditions }
    await bucket.ask((sdk, client, within) => client.send(new sdk.PutObjectCommand(input), within))
  }
  return {
    kind: 's3',
    put: (object, bytes) => translated(() => store(object, bytes, {})),
    putOnce: (object, bytes) =>
      translated(() =>
        store(object, bytes, { IfNoneMatch: '*', ...lockUntil(lock) }).then(
          () => true,
          orElse('PreconditionFailed', false),
        ),
      ),
    get: (object) => translated(() => readObject(bucket, nameOf(object)).catch(orElse('NoSuchKey', undefined))),
    async *list(tenantId, folder, after) {
      const ground = `${prefix}${groundOf(tenantId)}`
      const names = listNames(bucket, `${prefix}${groundOf(tenantId, folder)}`, after && `${ground}${after}`)
      for await (const name of names) {
        const key = name.slice(ground.length)
        if (isObjectKey(key)) yield key
      }
    },
    delete: (object) =>
      translated(async () => {
        const name = nameOf(object)
        const isGone = await deleteVersions(bucket, name, (found) => found === name, Date.now() + deletingMs)
        if (!isGone) throw new Error('still there')
      }),
    deleteAll: (tenantId, untilMs) =>
      translated(() => deleteVersions(bucket, `${prefix}${groundOf(tenantId)}`, () => true, untilMs)),
  }
}

function openBucket({ bucket, client: config = {}, timeoutMs = 30_000 }: S3Config): Bucket {
  let loaded: Promise<{ sdk: Sdk; client: S3Client }> | undefined
  // Checksums only where the protocol asks for them: not every server knows the newer ones.
  const checksums = {
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const
  return {
    Bucket: bucket,
    async ask(work) {
      loaded ??= import('@aws-sdk/client-s3').then((sdk) => ({
        sdk,
        client: new sdk.S3Client({ ...checksums, ...config }),
      }))
      const { sdk, client } = await loaded
      const abortSignal = AbortSignal.timeout(timeoutMs)
      // The SDK stops listening to the signal when the body of an answer begins.
      const late = Promise.withResolvers<never>()
      const giveUp = () => late.reject(abortSignal.reason)
      abortSignal.addEventListener('abort', giveUp)
      try {
        return await Promise.race([work(sdk, client, { abortSignal }), late.promise])
      } finally {
        abortSignal.removeEventListener('abort', giveUp)
      }
    },
  }
}

function readObject({ Bucket, ask }: Bucket, Key: string): Promise<Uint8Array | undefined> {
  return ask(async (sdk, client, within) => {
    const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket, Key }), within)
    return Body?.transformToByteArray()
  })
}

async function* listNames(bucket: Bucket, prefix: string, after?: string): AsyncGenerator<string> {
  for (let last = after; ; ) {
    const { names, isLast } = await translated(() => listPage(bucket, prefix, last))
    yield* names
    if (isLast) return
    last = names.at(-1)
  }
}

function listPage({ Bucket, ask }: Bucket, Prefix: string, after?: string) {
  return ask(async (sdk, client, within) => {
    const command = new sdk.ListObjectsV2Command({ Bucket, Prefix, ...(after && { StartAfter: after }) })
    const { Contents = [], IsTruncated } = await client.send(command, within)
    return { names: Contents.map(({ Key = '' }) => Key), isLast: IsTruncated !== true }
  })
}

interface Version {
  Key?: string | undefined
  /** Absent where the store has no versions. */
  VersionId?: string | undefined
}

/** Deletes every version of what is meant below a prefix, until nothing is there or the time is over: false then. */
async function deleteVersions(
  bucket: Bucket,
  prefix: string,
  isMeant: (name: string) => boolean,
  untilMs: number,
): Promise<boolean> {
  for (;;) {
    const versions = (await listVersions(bucket, prefix)).filter(({ Key = '' }) => isMeant(Key))
    if (versions.length === 0) return true
    for (let from = 0; from < versions.length; from += versionsAtOnce) {
      await Promise.all(versions.slice(from, from + versionsAtOnce).map((version) => deleteVersion(bucket, version)))
      if (Date.now() > untilMs) return false
    }
  }
}

/** Some of the versions below a prefix, those that say that something is deleted included. */
async function listVersions(bucket: Bucket, Prefix: string): Promise<Version[]> {
  const { Bucket, ask } = bucket
  try {
    const { Versions = [], DeleteMarkers = [] } = await ask((sdk, client, within) =>
      client.send(new sdk.ListObjectVersionsCommand({ Bucket, Prefix }), within),
    )
    return [...Versions, ...DeleteMarkers]
  } catch (error) {
    // A store that has none, such as Cloudflare R2.
    if (nameOf(error) !== 'NotImplemented') throw error
    return (await listPage(bucket, Prefix)).names.map((Key) => ({ Key }))
  }
}

async function deleteVersion({ Bucket, ask }: Bucket, { Key, VersionId }: Version): Promise<void> {
  const input = { Bucket, Key, ...(VersionId && { VersionId }) }
  try {
    await ask((sdk, client, within) => client.send(new sdk.DeleteObjectCommand(input), within))
  } catch (error) {
    const lockedUntil = await ask((sdk, client, within) => client.send(new sdk.HeadObjectCommand(input), within)).then(
      (head) => head.ObjectLockRetainUntilDate,
      () => undefined,
    )
    if (!lockedUntil || lockedUntil.getTime() < Date.now()) throw error
    const message = `The object store keeps this until ${lockedUntil.toISOString()} (Object Lock). Delete it again then.`
    throw new FreeholdError('conflict', message)
  }
}

function lockUntil(lock: S3Config['lock']) {
  if (!lock) return {}
  const until = new Date(Date.now() + lock.days * dayMs)
  // The checksum is asked for where there is a lock.
  return { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: until, ChecksumAlgorithm: 'SHA256' }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // Of a connection that failed, what Node calls it.
  return 'code' in error ? String(error.code) : error.name
}

/** What an error of this name means. */
function orElse<T>(name: string, value: T): (error: unknown) => T {
  return (error) => {
    if (nameOf(error) === name) return value
    throw error
  }
}

/** The SDK's errors hold the request. Their names say enough. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FreeholdError) throw error
    const message = `The object store (S3) refused or did not answer (${nameOf(error)}). Try again in a moment.`
    throw new FreeholdError('unavailable', message, { retryAfterSeconds: 2 })
  }
}
