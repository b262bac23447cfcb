import { type AuditAnchor, type AuditEntry, auditAnchorSchema, auditEntrySchema } from '@freehold/contracts'
import { z } from 'zod'
import { type Anchors, isSignedAnchor, publicKeyOf, signAnchor } from './anchors.ts'
import { findFlaw, type Head } from './find-flaw.ts'

/** Where segments are among the objects of a tenant. */
export const archiveFolder = 'audit/'
export const longestSegment = 1_000

/** A stretch of a chain, by the name of the object that has it. */
export interface SegmentName {
  key: string
  first: number
  last: number
}

/** What a segment that is whole says. */
export interface Segment {
  entries: AuditEntry[]
  /** What its first entry follows from. */
  previousHash: string
  /** The anchor of its last entry. */
  anchor: AuditAnchor
}

/** Why a segment is not as it was written, and from which entry on. */
export interface SegmentFlaw {
  seq: number
  reason: string
}

const headerSchema = z.object({
  type: z.literal('header'),
  format: z.literal('freehold-audit/1'),
  tenantId: z.string(),
  segment: z.object({ first: z.int(), last: z.int(), previousHash: z.string() }),
})
// With whatever else an entry has, since its hash is over all of it.
const lineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('entry'), entry: auditEntrySchema.loose() }),
  z.object({ type: z.literal('anchor'), anchor: auditAnchorSchema }),
])

const pad = (seq: number) => String(seq).padStart(12, '0')

export function segmentKey(first: number, last: number): string {
  return `${archiveFolder}${pad(first)}-${pad(last)}.jsonl`
}

export function parseSegmentKey(key: string): SegmentName | undefined {
  const [, first, last] = /^audit\/(\d{12})-(\d{12})\.jsonl$/.exec(key) ?? []
  return first && last ? { key, first: Number(first), last: Number(last) } : undefined
}

/** As an export is, with those of the tenant's anchors that are within, and one of the last entry. */
export function encodeSegment(
  anchors: Anchors,
  entries: readonly AuditEntry[],
  within: readonly AuditAnchor[],
): Buffer {
  const [first, last] = [entries[0], entries.at(-1)]
  if (!first || !last) throw new Error('a segment has an entry')
  const { tenantId, previousHash } = first
  const inRange = within.filter(({ seq }) => seq >= first.seq && seq < last.seq)
  const closing = within.findLast(({ seq }) => seq === last.seq) ?? signAnchor(anchors, last)
  const lines = [
    {
      type: 'header',
      format: 'freehold-audit/1',
      tenantId,
      exportedAt: new Date(),
      publicKey: publicKeyOf(anchors),
      segment: { first: first.seq, last: last.seq, previousHash },
    },
    ...entries.map((entry) => ({ type: 'entry', entry })),
    ...[...inRange, closing].map((anchor) => ({ type: 'anchor', anchor })),
  ]
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

/** Reads a segment, as far as it can be verified by itself: it is a chain to an entry that this installation signed. */
export function decodeSegment(
  bytes: Uint8Array,
  name: SegmentName,
  anchors: Anchors,
  tenantId: string,
): Segment | SegmentFlaw {
  const flaw = (reason: string, seq = name.first): SegmentFlaw => ({ seq, reason })
  const parsed = parseLines(bytes)
  if (!parsed || parsed.header.tenantId !== tenantId) return flaw('It is no segment of this chain.')
  const { header, entries, found } = parsed
  const { first, last, previousHash } = header.segment
  if (first !== name.first || last !== name.last) return flaw('It has other entries than its name says.')
  if (!found.every((anchor) => isSignedAnchor(anchor, anchors, tenantId))) {
    return flaw(`An anchor was not signed by this installation's key, or was changed.`)
  }
  const bySeq = Map.groupBy(found, ({ seq }) => seq)
  let head: Head = { seq: first - 1, hash: previousHash }
  for (const entry of entries) {
    const reason = findFlaw(entry, head, bySeq.get(entry.seq))
    if (reason) return flaw(reason, head.seq + 1)
    head = entry
  }
  const anchor = bySeq.get(last)?.[0]
  if (head.seq !== last || !anchor) return flaw('It ends before its last entry, or that is not anchored.', head.seq + 1)
  return { entries, previousHash, anchor }
}

function parseLines(bytes: Uint8Array) {
  try {
    const [header, ...lines] = Buffer.from(bytes)
      .toString('utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const rest = lines.map((line) => lineSchema.parse(line))
    return {
      header: headerSchema.parse(header),
      entries: rest.flatMap((line) => (line.type === 'entry' ? [line.entry] : [])),
      found: rest.flatMap((line) => (line.type === 'anchor' ? [line.anchor] : [])),
    }
  } catch {
    return undefined
  }
}
