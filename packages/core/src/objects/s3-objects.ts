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

interface Version {
  Key?: string | undefined
  /** Absent where the store has no versions. */
  VersionId?: string | undefined
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
      const pages = listPages(bucket, `${prefix}${groundOf(tenantId, folder)}`, after && `${ground}${after}`)
      for (;;) {
        const { value: names, done } = await translated(() => pages.next())
        if (done) return
        yield* names.map((name) => name.slice(ground.length)).filter(isObjectKey)
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

function openBucket({ bucket, client: config = {}, timeoutMs = 10_000 }: S3Config): Bucket {
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

/** The names below a prefix, in their order, as they come. */
async function* listPages({ Bucket, ask }: Bucket, Prefix: string, after?: string): AsyncGenerator<string[]> {
  let from: { StartAfter?: string; ContinuationToken?: string } = after ? { StartAfter: after } : {}
  for (;;) {
    const input = { Bucket, Prefix, ...from }
    const { Contents, IsTruncated, NextContinuationToken } = await ask((sdk, client, within) =>
      client.send(new sdk.ListObjectsV2Command(input), within),
    )
    const names = Contents?.map(({ Key = '' }) => Key) ?? []
    yield names
    const last = names.at(-1)
    if (IsTruncated !== true) return
    // A page can be empty and not be the last, such as where much was deleted.
    if (last !== undefined) from = { StartAfter: last }
    else if (NextContinuationToken !== undefined) from = { ContinuationToken: NextContinuationToken }
    else throw new Error('a page that leads nowhere')
  }
}

/** Deletes every version of what is meant below a prefix. False when there was not the time for all. */
async function deleteVersions(
  bucket: Bucket,
  prefix: string,
  isMeant: (name: string) => boolean,
  untilMs: number,
): Promise<boolean> {
  for (;;) {
    let deleted = 0
    let refusal: Refusal | undefined
    for await (const listed of listVersions(bucket, prefix)) {
      const batch = listed.filter(({ Key = '' }) => isMeant(Key))
      const refusals = (await Promise.all(batch.map((version) => deleteVersion(bucket, version)))).filter(Boolean)
      deleted += batch.length - refusals.length
      refusal ??= refusals[0]
      // What is locked doesn't keep what comes behind it from being deleted.
      if (deleted > 0 && Date.now() > untilMs) return false
    }
    // Not every server lists on from where something was deleted.
    if (deleted > 0) continue
    if (refusal) throw await explainRefusal(bucket, refusal)
    return true
  }
}

/** The versions below a prefix, those that say that something is deleted included, some at a time. */
async function* listVersions(bucket: Bucket, prefix: string): AsyncGenerator<Version[]> {
  let markers = {}
  for (;;) {
    const input = { Bucket: bucket.Bucket, Prefix: prefix, ...markers }
    const page = await bucket
      .ask((sdk, client, within) => client.send(new sdk.ListObjectVersionsCommand(input), within))
      .catch(orElse('NotImplemented', undefined))
    if (!page) break
    yield* batches([...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
    if (!page.IsTruncated) return
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
  }
  // A store that has no versions, such as Cloudflare R2.
  for await (const names of listPages(bucket, prefix)) yield* batches(names.map((Key) => ({ Key })))
}

function* batches(versions: Version[]): Generator<Version[]> {
  for (let from = 0; from < versions.length; from += versionsAtOnce) yield versions.slice(from, from + versionsAtOnce)
}

interface Refusal {
  version: Version
  error: unknown
}

async function deleteVersion({ Bucket, ask }: Bucket, version: Version): Promise<Refusal | undefined> {
  const input = { Bucket, ...named(version) }
  return ask((sdk, client, within) => client.send(new sdk.DeleteObjectCommand(input), within)).then(
    () => undefined,
    (error: unknown) => orElse('AccessDenied', { version, error })(error),
  )
}

/** What is locked is refused until a time, for which the store is asked. */
async function explainRefusal({ Bucket, ask }: Bucket, { version, error }: Refusal): Promise<unknown> {
  const input = { Bucket, ...named(version) }
  const until = await ask((sdk, client, within) => client.send(new sdk.HeadObjectCommand(input), within)).then(
    (head) => head.ObjectLockRetainUntilDate,
    () => undefined,
  )
  if (!until || until.getTime() < Date.now()) return error
  const message = `The object store keeps this until ${until.toISOString()} (Object Lock). Delete it again then.`
  return new FreeholdError('conflict', message)
}

function named({ Key, VersionId }: Version) {
  return { Key, ...(VersionId && { VersionId }) }
}

function lockUntil(lock: S3Config['lock']) {
  if (!lock) return {}
  const until = new Date(Date.now() + lock.days * dayMs)
  // The checksum is asked for where there is a lock.
  return { ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: until, ChecksumAlgorithm: 'SHA256' }
}

function nameOfError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  // Of a connection that failed, what Node calls it.
  return 'code' in error ? String(error.code) : error.name
}

/** What an error of this name means. */
function orElse<T>(name: string, value: T): (error: unknown) => T {
  return (error) => {
    if (nameOfError(error) === name) return value
    throw error
  }
}

/** The SDK's errors hold the request. Their names say enough. */
async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FreeholdError) throw error
    const message = `The object store (S3) refused or did not answer (${nameOfError(error)}). Try again in a moment.`
    throw new FreeholdError('unavailable', message, { retryAfterSeconds: 2 })
  }
}
