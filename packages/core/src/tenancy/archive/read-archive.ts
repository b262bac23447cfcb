import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { FreeholdError } from '@freehold/contracts'
import { type Extract, extract } from 'tar-stream'
import { type ArchivedObject, archivedObjectSchema, type Manifest, manifestSchema, objectsFile } from './format.ts'
import { pathOfObject } from './move-objects.ts'

type Entry = Extract extends AsyncIterable<infer One> ? One : never

const maxManifestBytes = 1024 * 1024
const maxLineBytes = 16 * 1024 * 1024
const batchBytes = 4 * 1024 * 1024
const batchLines = 100

export interface UnpackedArchive {
  manifest: Manifest
  objects: ArchivedObject[]
}

export interface ArchiveLimits {
  /** As it is sent, and unpacked. */
  maxBytes: number
  maxUnpackedBytes: number
}

/**
 * Unpacks an archive into a folder and checks that it is what its manifest says, in this order. The manifest is checked
 * before anything else is written. Files get names of ours, whatever the archive calls them.
 */
export async function unpackArchive(
  stream: ReadableStream<Uint8Array>,
  folder: string,
  limits: ArchiveLimits,
  checkManifest: (manifest: Manifest) => void,
): Promise<UnpackedArchive> {
  const tar = extract()
  const unpacked = readEntries(tar, folder, checkManifest)
  // Its failure ends the pipeline, by ending the reading of `tar`, and is the one to tell of.
  unpacked.catch((error: Error) => tar.destroy(error))
  try {
    await pipeline(
      Readable.fromWeb(stream as Parameters<typeof Readable.fromWeb>[0]),
      limit(limits.maxBytes, 'bytes'),
      createGunzip(),
      limit(limits.maxUnpackedBytes, 'bytes once it is unpacked'),
      tar,
    )
  } catch (error) {
    if (error instanceof FreeholdError) throw error
    await unpacked.catch((own: unknown) => {
      if (own instanceof FreeholdError) throw own
    })
    throw invalid('is not a whole gzipped tar', error)
  }
  return unpacked
}

function limit(most: number, what: string): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length
      if (size <= most) done(null, chunk)
      else done(new FreeholdError('payload_too_large', `An archive can have ${most} ${what} at the most.`))
    },
  })
}

async function readEntries(
  tar: AsyncIterable<Entry>,
  folder: string,
  checkManifest: (manifest: Manifest) => void,
): Promise<UnpackedArchive> {
  let manifest: Manifest | undefined
  let objects: ArchivedObject[] = []
  let [files, read] = [0, 0]
  for await (const entry of tar) {
    const { name, type, size = 0 } = entry.header
    if (type !== 'file') throw invalid(`has something that is no file: ${JSON.stringify(name)}`)
    if (!manifest) {
      manifest = await readManifest(entry, name, size)
      checkManifest(manifest)
    } else if (files < manifest.files.length) {
      await storeFile(entry, folder, files, manifest)
      files += 1
      if (files === manifest.files.length) objects = await readObjects(manifest, folder)
    } else {
      await storeObject(entry, folder, read, objects[read])
      read += 1
    }
  }
  if (!manifest) throw invalid('is empty')
  if (files < manifest.files.length) throw invalid(`ends before ${manifest.files[files]?.name}.jsonl`)
  if (read < objects.length) throw invalid(`ends before objects/${objects[read]?.key}`)
  return { manifest, objects }
}

/** What comes after the files of the manifest: objects, each once. */
async function readObjects({ files }: Manifest, folder: string): Promise<ArchivedObject[]> {
  const objects: ArchivedObject[] = []
  const index = files.findIndex(({ name }) => name === objectsFile)
  for await (const lines of readBatches(folder, index)) {
    for (const line of lines) {
      const object = parseObject(line)
      if (!object || object.key <= (objects.at(-1)?.key ?? '')) throw invalid('has objects that are none')
      objects.push(object)
    }
  }
  return objects
}

function parseObject(line: string): ArchivedObject | undefined {
  try {
    return archivedObjectSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

async function readManifest(entry: Entry, name: string, size: number): Promise<Manifest> {
  if (name !== 'manifest.json' || size > maxManifestBytes) throw invalid('does not begin with a manifest.json')
  const chunks: Buffer[] = []
  for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk))
  let content: unknown
  try {
    content = JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch (error) {
    throw invalid('has a manifest that is not JSON', error)
  }
  const parsed = manifestSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(`has a manifest of another format: ${issue?.path.join('.')}: ${issue?.message}`)
}

async function storeFile(entry: Entry, folder: string, index: number, { files }: Manifest): Promise<void> {
  const expected = files[index]
  if (!expected) throw invalid('has more than its manifest says')
  assertExpected(entry, `${expected.name}.jsonl`, expected)
  let [rows, lineBytes] = [0, 0]
  const sha256 = await store(entry, join(folder, String(index)), (chunk) => {
    for (let from = 0; from < chunk.length; ) {
      const end = chunk.indexOf(10, from)
      lineBytes += (end === -1 ? chunk.length : end) - from
      if (lineBytes > maxLineBytes) throw invalid(`has a line in ${expected.name} that is too long`)
      if (end === -1) break
      rows += 1
      lineBytes = 0
      from = end + 1
    }
  })
  if (rows !== expected.rows || lineBytes > 0 || sha256 !== expected.sha256) {
    throw invalid(`was changed or cut: ${expected.name} is not what its manifest says`)
  }
}

async function storeObject(
  entry: Entry,
  folder: string,
  index: number,
  expected: ArchivedObject | undefined,
): Promise<void> {
  if (!expected) throw invalid(`has ${JSON.stringify(entry.header.name)}, which it does not list`)
  assertExpected(entry, `objects/${expected.key}`, expected)
  const sha256 = await store(entry, pathOfObject(folder, index))
  if (sha256 !== expected.sha256) throw invalid(`was changed or cut: objects/${expected.key} is not what it lists`)
}

function assertExpected({ header }: Entry, name: string, { bytes }: { bytes: number }): void {
  if (header.name !== name) throw invalid(`has ${JSON.stringify(header.name)} where its manifest doesn't`)
  if (header.size !== bytes) throw invalid(`has another size of ${name} than its manifest says`)
}

/** Resolves with the SHA-256 of what it stored. */
async function store(entry: Entry, path: string, look: (chunk: Buffer) => void = () => {}): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const piece of entry as AsyncIterable<Uint8Array>) {
      const chunk = Buffer.from(piece)
      hash.update(chunk)
      look(chunk)
      await file.appendFile(chunk)
    }
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

/** The lines of a file that was unpacked, some at a time. */
export async function* readBatches(folder: string, index: number): AsyncGenerator<string[]> {
  let batch: string[] = []
  let size = 0
  for await (const line of readLines(join(folder, String(index)))) {
    batch.push(line)
    size += line.length
    if (batch.length < batchLines && size < batchBytes) continue
    yield batch
    batch = []
    size = 0
  }
  if (batch.length > 0) yield batch
}

/** By line feeds only: `readline` would also break at characters that JSON allows within a text. */
async function* readLines(path: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(path, 'utf8')) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

export function invalid(what: string, cause?: unknown): FreeholdError {
  return new FreeholdError('invalid_request', `body: the archive ${what.replace(/\.$/, '')}.`, { cause })
}
