import type { AuditAnchor, AuditEntry } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import { type Anchors, type AuditArchive, listHeads, newestOf, readAnchors } from './anchors.ts'
import { findStart } from './checkpoints.ts'
import { findFlaw, type Head } from './find-flaw.ts'
import { readChain } from './list-entries.ts'
import {
  archiveFolder,
  decodeSegment,
  encodeSegment,
  longestSegment,
  parseSegmentKey,
  type SegmentName,
  segmentKey,
} from './segments.ts'

export interface Archiving {
  segments: number
  /** Those whose chain doesn't follow from its archive, or contradicts its anchors. Nothing more is archived of them. */
  contradicting: string[]
}

/** The newest segment that is known. */
interface Archived extends Head {
  key: string
}

const none: Archived = { key: '', seq: 0, hash: '' }

/**
 * Makes what archives the entries of every chain that are anchored, once so many are there that they fill a segment or the
 * first of them is old enough. What is archived is only what the objects say, so a process may die at any point, and of
 * several at once each goes on where the others are: of two that cut differently, segments overlap, and agree.
 */
export function createArchiving(
  database: Database,
  anchors: Anchors,
  archive: AuditArchive,
): (stop: AbortSignal) => Promise<Archiving> {
  const known = new Map<string, Archived>()
  const parts = { database, anchors, archive }

  /** How many segments came behind one; undefined when the chain contradicts what is archived. */
  async function archiveChain(tenantId: string, from: Archived | undefined, stop: AbortSignal) {
    let newest = from ?? (await findNewest(parts, tenantId, none))
    for (let segments = 0; newest && (await reaches(database, tenantId, newest)); segments++) {
      known.set(tenantId, newest)
      const due = stop.aborted ? undefined : await readDue(parts, tenantId, newest.seq)
      if (!due) return segments
      newest = await addNext(parts, tenantId, newest, due)
    }
    return undefined
  }

  return async function archiveChains(stop) {
    const result: Archiving = { segments: 0, contradicting: [] }
    for await (const { tenant_id: tenantId, seq, hash } of listHeads(database)) {
      if (stop.aborted) break
      const newest = known.get(tenantId)
      if (newest && newest.seq === seq && newest.hash === hash) continue
      // When a tenant is deleted and imported again, this process remembers an archive that is gone.
      const added = (await archiveChain(tenantId, newest, stop)) ?? (await archiveChain(tenantId, undefined, stop))
      result.segments += added ?? 0
      if (added === undefined && (await isKept(database, tenantId))) result.contradicting.push(tenantId)
    }
    return result
  }
}

interface Parts {
  database: Database
  anchors: Anchors
  archive: AuditArchive
}

/** The newest segment, which may be the one that is known; undefined when it is not as it was written, or gone. */
async function findNewest(
  { anchors, archive: { objects } }: Parts,
  tenantId: string,
  from: Archived,
): Promise<Archived | undefined> {
  let found = parseSegmentKey(from.key)
  for await (const name of listSegments(objects, tenantId, from.key)) if (name.last > (found?.last ?? 0)) found = name
  if (!found) return none
  const bytes = await objects.get({ tenantId, key: found.key })
  const segment = decodeSegment(bytes ?? Buffer.of(), found, anchors, tenantId)
  if ('reason' in segment) return undefined
  const { seq, hash } = segment.anchor
  return found.key === from.key && hash === from.hash ? from : { key: found.key, seq, hash }
}

/** The segments of a tenant by their names, in the order of their first entries. */
export async function* listSegments(
  objects: AuditArchive['objects'],
  tenantId: string,
  after = '',
): AsyncGenerator<SegmentName> {
  for await (const key of objects.list(tenantId, archiveFolder, after)) {
    const name = parseSegmentKey(key)
    if (name) yield name
  }
}

/** Whether the chain still has the entry that a segment ends with, or has been pruned to behind it. */
async function reaches(database: Database, tenantId: string, { seq, hash }: Archived): Promise<boolean> {
  if (seq === 0) return true
  const entry = await database.withTenant(tenantId, (tx) =>
    tx
      .selectFrom('audit_entries')
      .select(['seq', 'hash'])
      .where('seq', '>=', seq)
      .orderBy('seq')
      .limit(1)
      .executeTakeFirst(),
  )
  return entry !== undefined && (entry.seq > seq || entry.hash === hash)
}

interface Due {
  entries: AuditEntry[]
  last: AuditEntry
  /** The anchors of the tenant. */
  within: AuditAnchor[]
}

/** The entries of the next segment; undefined while they are few and young. */
async function readDue(
  { database, anchors, archive }: Parts,
  tenantId: string,
  after: number,
): Promise<Due | undefined> {
  const entries = await database.withTenant(tenantId, (tx) => readChain(tx, after, longestSegment))
  const isOld = entries[0] && Date.parse(entries[0].at) <= Date.now() - archive.afterMs
  if (!isOld && entries.length < longestSegment) return undefined
  const { valid: within } = await readAnchors(anchors, tenantId)
  // What is not anchored could be rewritten before it is.
  const anchored = entries.filter(({ seq }) => seq <= (newestOf(within)?.seq ?? 0))
  const last = anchored.at(-1)
  return last && (isOld || anchored.length === longestSegment) ? { entries: anchored, last, within } : undefined
}

/** What another process has added meanwhile, else what is due. */
async function addNext(parts: Parts, tenantId: string, newest: Archived, due: Due): Promise<Archived | undefined> {
  const others = await findNewest(parts, tenantId, newest)
  return others === newest ? addSegment(parts, tenantId, newest, due) : others
}

/** Stores a segment, unless its entries don't follow from the one before: undefined then. */
async function addSegment(
  { database, anchors, archive: { objects } }: Parts,
  tenantId: string,
  newest: Archived,
  { entries, last, within }: Due,
): Promise<Archived | undefined> {
  const first = entries[0]?.seq ?? last.seq
  const bySeq = Map.groupBy(within, ({ seq }) => seq)
  let head: Head | null = newest.seq === 0 ? null : newest
  // Entries that were removed before there was an archive are not in it.
  if (first > newest.seq + 1) head = await database.withTenant(tenantId, (tx) => findStart(tx, anchors, tenantId))
  for (const entry of entries) {
    if (findFlaw(entry, head, bySeq.get(entry.seq))) return undefined
    head = entry
  }
  const key = segmentKey(first, last.seq)
  await objects.putOnce({ tenantId, key }, encodeSegment(anchors, entries, within))
  // Whoever deletes the tenant meanwhile may have looked for its objects already.
  if (!(await isKept(database, tenantId))) await objects.delete({ tenantId, key })
  return { key, seq: last.seq, hash: last.hash }
}

async function isKept(database: Database, tenantId: string): Promise<boolean> {
  const row = await database.withTenant(tenantId, (tx) =>
    tx.selectFrom('tenants').select('id').where('deletion', 'is', null).executeTakeFirst(),
  )
  return row !== undefined
}
