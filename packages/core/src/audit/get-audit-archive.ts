import type { AuditArchiveStatus } from '@freehold/contracts'
import { authorize, type Caller } from '../identity/caller.ts'
import type { Anchors } from './anchors.ts'
import { listSegments } from './archive-chains.ts'

/** So much later than it is due an entry may be in the archive: anchoring comes before. */
const lenienceMs = 600_000

/** How far the chain of the caller's tenant is archived. Asks the object store, so it also tells whether that answers. */
export async function getAuditArchive(caller: Caller, { archive }: Anchors): Promise<AuditArchiveStatus> {
  authorize(caller, 'audit:read')
  const { tenantId, platform } = caller
  if (!archive) return { store: null, segments: 0, archivedSeq: 0, waiting: 0, waitingSince: null, overdue: false }
  let [segments, archivedSeq] = [0, 0]
  for await (const { last } of listSegments(archive.objects, tenantId)) {
    segments += 1
    archivedSeq = Math.max(archivedSeq, last)
  }
  const waiting = await platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('audit_entries')
      .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('at').as('since')])
      .where('seq', '>', archivedSeq)
      .executeTakeFirstOrThrow(),
  )
  const { count, since } = waiting
  return {
    store: archive.objects.kind,
    segments,
    archivedSeq,
    waiting: count,
    waitingSince: since?.toISOString() ?? null,
    overdue: since !== null && since.getTime() + archive.afterMs < Date.now() - lenienceMs,
  }
}
