import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'

const headerBytes = 512

/** What the export found wrong with the audit chain, as the first file of an archive says; null when it was whole. */
export async function readAuditProblem(path: string): Promise<{ seq: number; reason: string } | null> {
  const { auditProblem } = JSON.parse(await readFirstFile(path)) as {
    // The server that wrote it is of the same release.
    auditProblem: { seq: number; reason: string } | null
  }
  return auditProblem
}

/** Of a gzipped tar, and no more of it than that. */
async function readFirstFile(path: string): Promise<string> {
  let read = Buffer.alloc(0)
  for await (const chunk of createReadStream(path).pipe(createGunzip())) {
    read = Buffer.concat([read, chunk as Buffer])
    if (read.length < headerBytes) continue
    const size = Number.parseInt(read.toString('latin1', 124, 136), 8)
    if (read.length >= headerBytes + size) return read.toString('utf8', headerBytes, headerBytes + size)
  }
  throw new Error(`${path} ends before its manifest`)
}
