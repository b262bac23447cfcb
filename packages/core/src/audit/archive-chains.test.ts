import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ObjectStore } from '../objects/object-store.ts'
import { shareArchive } from './archive.fixture.ts'
import { createArchiving } from './archive-chains.ts'
import { lengthenChain } from './chain.fixture.ts'
import { getAuditArchive } from './get-audit-archive.ts'
import { segmentKey } from './segments.ts'
import { verifyAudit } from './verify-audit.ts'

const {
  at,
  running,
  anchor,
  archive,
  chain,
  change,
  grow,
  newArchiving,
  prune,
  read,
  remove,
  segments,
  tamper,
  verification,
  write,
} = shareArchive()

describe('archiving', () => {
  test('stores what was added as a segment, with what it takes to verify it by itself', async () => {
    expect(await archive()).toMatchObject({ contradicting: [] })
    await grow(8)
    await archive()
    expect(await segments()).toEqual([segmentKey(1, 6), segmentKey(7, 8)])
    const entries = await chain()
    const lines = (await read(segmentKey(7, 8))).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        type: 'header',
        format: 'freehold-audit/1',
        tenantId: at.tenant.id,
        publicKey: expect.objectContaining({ crv: 'Ed25519' }),
        segment: { first: 7, last: 8, previousHash: entries[5]?.hash },
      }),
      ...entries.slice(6).map((entry) => ({ type: 'entry', entry })),
      { type: 'anchor', anchor: expect.objectContaining({ seq: 8, hash: entries[7]?.hash }) },
    ])
    expect(await verification()).toMatchObject({
      ok: true,
      archive: { store: 'folder', segments: 2, firstSeq: 1, lastSeq: 8, problem: null },
    })
  })

  test('waits until the oldest entry is old enough, or a segment is full', async () => {
    at.anchors.archive = { objects: at.objects, afterMs: 3_600_000 }
    await archive()
    expect(await segments()).toEqual([])
    expect(await getAuditArchive(at.caller, at.anchors)).toMatchObject({ archivedSeq: 0, waiting: 6, overdue: false })
    await lengthenChain(at.on, at.tenant.id, 2_500)
    await anchor()
    await archive()
    expect(await segments()).toEqual([segmentKey(1, 1_000), segmentKey(1_001, 2_000)])
    at.anchors.archive.afterMs = 0
    await archive()
    expect(await segments()).toEqual([segmentKey(1, 1_000), segmentKey(1_001, 2_000), segmentKey(2_001, 2_500)])
    expect(await verification()).toMatchObject({ ok: true, archive: { segments: 3, lastSeq: 2_500 } })
  })

  test('leaves what is not anchored, which could still be rewritten', async () => {
    await change('late')
    await archive()
    expect(await segments()).toEqual([segmentKey(1, 6)])
  })

  test('stores nothing twice, also in another process', async () => {
    const archiveChains = newArchiving()
    await archiveChains(running)
    const before = await read(segmentKey(1, 6))
    expect(await archiveChains(running)).toMatchObject({ segments: 0 })
    await archive()
    expect(await segments()).toEqual([segmentKey(1, 6)])
    expect(await read(segmentKey(1, 6))).toBe(before)
  })

  test('goes on where it was cut off', async () => {
    await lengthenChain(at.on, at.tenant.id, 2_500)
    await anchor()
    const stop = new AbortController()
    /** Its process dies after the first segment. */
    const dying: ObjectStore = {
      ...at.objects,
      async putOnce(object, bytes) {
        const isStored = await at.objects.putOnce(object, bytes)
        if (object.tenantId === at.tenant.id) stop.abort()
        return isStored
      },
    }
    await createArchiving(at.on.database, at.anchors, { objects: dying, afterMs: 0 })(stop.signal)
    expect(await segments()).toEqual([segmentKey(1, 1_000)])
    await archive()
    expect(await verification()).toMatchObject({ ok: true, archive: { segments: 3, lastSeq: 2_500 } })
  })

  test('several at once do no harm', async () => {
    const processes = [newArchiving(), newArchiving(), newArchiving()]
    for (const length of [1_500, 1_501, 1_502]) {
      await lengthenChain(at.on, at.tenant.id, length)
      await anchor()
      await Promise.all(processes.map((archiveChains) => archiveChains(running)))
    }
    expect(await verification()).toMatchObject({ ok: true, archive: { firstSeq: 1, lastSeq: 1_502, problem: null } })
  })

  test('segments that were cut differently overlap, and agree', async () => {
    await archive()
    const six = await read(segmentKey(1, 6))
    await remove(segmentKey(1, 6))
    await grow(8)
    await archive()
    await write(segmentKey(1, 6), six)
    await grow(9)
    await archive()
    expect(await segments()).toEqual([segmentKey(1, 6), segmentKey(1, 8), segmentKey(9, 9)])
    expect(await verification()).toMatchObject({ ok: true, archive: { segments: 3, lastSeq: 9 } })
  })

  test('a store that is away loses nothing, and is told of', async () => {
    const folder = join(at.on.dataDir, 'objects')
    await rename(folder, `${folder}.away`)
    await writeFile(folder, '')
    for (const work of [archive, verification, () => getAuditArchive(at.caller, at.anchors), prune]) {
      await expect(work()).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('object store'),
      })
    }
    expect(await verifyAudit(at.caller, { archive: false }, at.anchors)).toMatchObject({ ok: true, archive: null })
    await rm(folder)
    await rename(`${folder}.away`, folder)
    await archive()
    expect(await verification()).toMatchObject({ ok: true, archive: { lastSeq: 6 } })
  })

  test('nothing is added to an archive that the chain does not follow from', async () => {
    await archive()
    await tamper(`update audit_entries set hash = repeat('a', 64) where seq = 6`)
    await change('more')
    // Its anchors are lost, so the chain is anchored as it is.
    await rm(join(at.on.dataDir, 'audit-anchors', `${at.tenant.id}.jsonl`))
    await anchor()
    expect((await archive()).contradicting).toContain(at.tenant.id)
    expect(await segments()).toEqual([segmentKey(1, 6)])
  })

  test('a chain that was cut to before its archive is told of, also when it has grown since', async () => {
    await archive()
    await tamper('delete from audit_entries where seq > 4')
    await rm(join(at.on.dataDir, 'audit-anchors', `${at.tenant.id}.jsonl`))
    expect((await archive()).contradicting).toContain(at.tenant.id)
    for (const name of ['five', 'six']) await change(name)
    await anchor()
    expect((await archive()).contradicting).toContain(at.tenant.id)
    expect(await segments()).toEqual([segmentKey(1, 6)])
  })

  test('nothing is added behind a segment that is not as it was', async () => {
    await archive()
    await write(segmentKey(1, 6), (await read(segmentKey(1, 6))).replace('budget 4', 'budget x'))
    await grow(7)
    expect((await archive()).contradicting).toContain(at.tenant.id)
    expect(await segments()).toEqual([segmentKey(1, 6)])
  })
})

describe('the status', () => {
  test('tells what waits, and when that is too long', async () => {
    await archive()
    expect(await getAuditArchive(at.caller, at.anchors)).toEqual({
      store: 'folder',
      segments: 1,
      archivedSeq: 6,
      waiting: 0,
      waitingSince: null,
      overdue: false,
    })
    await grow(7)
    expect(await getAuditArchive(at.caller, at.anchors)).toMatchObject({ waiting: 1, overdue: false })
    await tamper(`update audit_entries set at = at - interval '1 hour' where seq = 7`)
    expect(await getAuditArchive(at.caller, at.anchors)).toMatchObject({ waiting: 1, overdue: true })
  })

  test('is of the own tenant, where there is an archive, and needs its permission', async () => {
    await archive()
    const other = at.on.caller(await at.on.createTenant(`other than ${at.tenant.name}`))
    expect(await getAuditArchive(other, at.anchors)).toMatchObject({
      segments: 0,
      archivedSeq: 0,
    })
    expect(await getAuditArchive(at.caller, at.on.anchors)).toMatchObject({ store: null, waiting: 0 })
    expect(await verifyAudit(at.caller, { archive: true }, at.on.anchors)).toMatchObject({ ok: true, archive: null })
    const nobody = { ...at.caller, permissions: new Set(['keys:read' as const]) }
    await expect(getAuditArchive(nobody, at.anchors)).rejects.toMatchObject({ code: 'permission_denied' })
  })
})
