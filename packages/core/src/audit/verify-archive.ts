import type { ArchiveVerification, AuditAnchor } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import type { Anchors, AuditArchive } from './anchors.ts'
import { listSegments } from './archive-chains.ts'
import { type Checkpoint, findCheckpoint, readCheckpoints } from './checkpoints.ts'
import type { Head } from './find-flaw.ts'
import { startOfChain } from './hash-entry.ts'
import { decodeSegment, type Segment, type SegmentFlaw, type SegmentName } from './segments.ts'

const segmentsAtOnce = 16

/** What was found of an archive, with the anchors that its segments end with. */
export interface VerifiedArchive {
  archive: ArchiveVerification
  anchors: AuditAnchor[]
}

interface Gap {
  /** The first entry that is missing. */
  seq: number
  /** The segment behind it, and what that follows from. */
  segment: string
  from: Head
}

/**
 * Reads the segments of a tenant's chain that have entries from one on, and verifies each by itself and all as a sequence. What
 * is missing of it was removed from the chain before it was archived, as a checkpoint says, or is a problem.
 */
export async function verifyArchive(
  database: Database,
  tenantId: string,
  anchors: Anchors,
  { objects }: AuditArchive,
  from = 1,
): Promise<VerifiedArchive> {
  const checkpoints = await database.withTenant(tenantId, (tx) => readCheckpoints(tx, anchors, tenantId))
  const archive: ArchiveVerification = {
    store: objects.kind,
    segments: 0,
    firstSeq: null,
    lastSeq: null,
    problem: null,
  }
  const ends: AuditAnchor[] = []
  const gaps: Gap[] = []
  const broken = (segment: string, flaw: SegmentFlaw): VerifiedArchive => ({
    archive: { ...archive, problem: { segment, ...flaw } },
    anchors: ends,
  })
  let head: Head = { seq: from - 1, hash: from === 1 ? startOfChain : '' }
  const names = listSegments(objects, tenantId)
  for await (const [name, segment] of readAhead(names, from, (each) => readSegment(objects, anchors, tenantId, each))) {
    if ('reason' in segment) return broken(name.key, segment)
    const seam = findSeam(head, name, segment)
    if (typeof seam === 'string') return broken(name.key, { seq: name.first, reason: seam })
    if (seam) gaps.push({ seq: head.seq + 1, segment: name.key, from: seam })
    for (const entry of segment.entries) {
      const checkpoint = findCheckpoint(entry, anchors, tenantId)
      if (checkpoint) checkpoints.push(checkpoint)
    }
    ends.push(segment.anchor)
    if (name.last > head.seq) head = segment.anchor
    archive.segments += 1
    archive.firstSeq ??= name.first
    archive.lastSeq = head.seq
  }
  return { archive: { ...archive, problem: findMissing(gaps, checkpoints, head) }, anchors: ends }
}

/** Each with what it is, in their order, some at a time. */
async function* readAhead(
  names: AsyncIterable<SegmentName>,
  from: number,
  read: (name: SegmentName) => Promise<Segment | SegmentFlaw>,
): AsyncGenerator<[SegmentName, Segment | SegmentFlaw]> {
  const underWay: Promise<[SegmentName, Segment | SegmentFlaw]>[] = []
  for await (const name of names) {
    if (name.last < from) continue
    const reading = read(name).then((segment): [SegmentName, Segment | SegmentFlaw] => [name, segment])
    // Its failure is told of when it is its turn.
    reading.catch(() => {})
    underWay.push(reading)
    const [next] = underWay.length < segmentsAtOnce ? [] : underWay.splice(0, 1)
    if (next) yield await next
  }
  for (const next of underWay) yield await next
}

async function readSegment(
  objects: AuditArchive['objects'],
  anchors: Anchors,
  tenantId: string,
  name: SegmentName,
): Promise<Segment | SegmentFlaw> {
  const bytes = await objects.get({ tenantId, key: name.key })
  return decodeSegment(bytes ?? Buffer.of(), name, anchors, tenantId)
}

/** How a segment follows from what is before it: as it should, behind a gap, or not at all, for the reason that is given. */
function findSeam(
  head: Head,
  { first, last }: SegmentName,
  { entries, previousHash }: Segment,
): Head | string | undefined {
  if (first > head.seq + 1) return { seq: first - 1, hash: previousHash }
  // Where the reading begins nothing is known of what is before.
  if (head.hash === '' || last < head.seq) return undefined
  const before = first === head.seq + 1 ? previousHash : entries[head.seq - first]?.hash
  return before === head.hash
    ? undefined
    : 'It does not follow from the segment before it: one of the two was replaced.'
}

function findMissing(
  gaps: readonly Gap[],
  checkpoints: readonly Checkpoint[],
  head: Head,
): ArchiveVerification['problem'] {
  const isExcused = ({ from }: Gap) =>
    checkpoints.some(({ seq, hash, archived }) => !archived && seq === from.seq && hash === from.hash)
  const gap = gaps.find((each) => !isExcused(each))
  if (gap) {
    const reason = `The segments before this one are missing, up to that with entry ${gap.from.seq}.`
    return { segment: gap.segment, seq: gap.seq, reason }
  }
  // An older one may be of before the tenant was imported, with another archive.
  const promise = checkpoints.toSorted((a, b) => a.statedIn - b.statedIn).at(-1)
  if (!promise?.archived || promise.seq <= head.seq) return null
  const reason = `The newest segments are missing: what was removed up to entry ${promise.seq} was archived before.`
  return { segment: null, seq: head.seq + 1, reason }
}
