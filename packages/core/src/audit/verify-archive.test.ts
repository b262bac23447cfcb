import { generateKeyPairSync } from 'node:crypto'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createAnchoring } from './anchors.ts'
import { shareArchive } from './archive.fixture.ts'
import { createArchiving } from './archive-chains.ts'
import { hashEntry } from './hash-entry.ts'
import { segmentKey } from './segments.ts'
import { verifyAudit } from './verify-audit.ts'

const { at, running, ...work } = shareArchive()
const { anchor, archive, archiveThree, chain, grow, prune, read, remove, segments, tamper, verification, write } = work

describe('verification finds in the archive', () => {
  const line = (start: number) => (text: string) => text.split('\n').toSpliced(start, 1).join('\n')
  /** Line 0 is the header; entries 7 and 8 and an anchor follow. */
  const edits: [string, (text: string) => string, number][] = [
    ['an entry that was edited', (text) => text.replace('budget 6', 'budget x'), 7],
    ['an entry with something more', (text) => text.replace('"entry":{', '"entry":{"note":"x",'), 7],
    ['an entry that is gone', line(2), 8],
    ['a first entry that is gone', line(1), 7],
    ['an anchor that is gone', line(3), 9],
    [
      'an anchor that was changed',
      (text) => text.replace(/"at":"[^"]+"(?=,"keyId")/, '"at":"2020-01-01T00:00:00.000Z"'),
      7,
    ],
    ['another range', (text) => text.replace('"last":8', '"last":9'), 7],
    ['another beginning', (text) => text.replace(/"previousHash":"[^"]+"/, `"previousHash":"${'0'.repeat(64)}"`), 7],
    ['another format', (text) => text.replace('freehold-audit/1', 'freehold-audit/2'), 7],
    ['half of a segment', (text) => text.slice(0, text.length / 2), 7],
    ['nothing at all', () => '', 7],
  ]
  test.each(edits)('%s', async (_, edit, seq) => {
    const [, two] = await archiveThree()
    const [before, text] = [await read(two), edit(await read(two))]
    expect(text).not.toBe(before)
    await write(two, text)
    expect(await verification()).toMatchObject({
      ok: false,
      problem: null,
      archive: { segments: 1, lastSeq: 6, problem: { segment: two, seq } },
    })
  })

  test.each([
    ['the first segment', 0, 1],
    ['one in the middle', 1, 7],
  ])('that %s is missing', async (_, index, seq) => {
    const names = await archiveThree()
    await remove(names[index] ?? '')
    expect(await verification()).toMatchObject({
      ok: false,
      archive: { problem: { seq, segment: names[index + 1], reason: expect.stringContaining('missing') } },
    })
  })

  test('a segment under the name of another', async () => {
    const [, two, three] = await archiveThree()
    await write(three, await read(two))
    expect(await verification()).toMatchObject({ ok: false, archive: { problem: { segment: three, seq: 9 } } })
  })

  test('a segment of another tenant', async () => {
    const other = { ...at.tenant }
    await archive()
    const theirs = await read(segmentKey(1, 6))
    at.tenant = await at.on.createTenant(`copied to ${other.name}`)
    at.caller = at.on.caller(at.tenant)
    await grow(6)
    await archive()
    expect(await verification()).toMatchObject({ ok: true })
    await write(segmentKey(1, 6), theirs)
    expect(await verification()).toMatchObject({ ok: false, archive: { problem: { seq: 1 } } })
  })

  test('a segment that was rewritten from an entry on, and signed by another key', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    await tamper(`update audit_entries set actor_name = 'forger' where seq = 6`)
    const forged = (await chain())[5]
    if (!forged) throw new Error('there is no entry 6')
    await tamper(`update audit_entries set hash = '${hashEntry(forged)}' where seq = 6`)
    const file = join(at.on.dataDir, 'audit-anchors', `${at.tenant.id}.jsonl`)
    await rename(file, `${file}.kept`)
    const theirs = { ...at.anchors, privateKey }
    await createAnchoring(at.on.database, theirs)()
    await createArchiving(at.on.database, theirs, { objects: at.objects, afterMs: 0 })(running)
    await rename(`${file}.kept`, file)
    expect(await verification()).toMatchObject({
      ok: false,
      archive: { problem: { segment: segmentKey(1, 6), reason: expect.stringContaining('not signed') } },
    })
  })
})

describe('the archive proves what became of the chain in the database', () => {
  const loseAnchors = () => rm(join(at.on.dataDir, 'audit-anchors', `${at.tenant.id}.jsonl`))

  test('that its newest entries were removed', async () => {
    await archiveThree()
    await loseAnchors()
    await tamper('delete from audit_entries where seq > 9')
    expect(await verification()).toMatchObject({ ok: false, archive: { problem: null }, problem: { seq: 10 } })
  })

  test('that it was rewritten, and anchored as it is', async () => {
    await archiveThree()
    await loseAnchors()
    let previousHash = (await chain())[3]?.hash ?? ''
    for (const entry of (await chain()).slice(4)) {
      const changed = { ...entry, actorName: 'forger', previousHash }
      const hash = hashEntry(changed)
      await tamper(
        `update audit_entries set actor_name = 'forger', previous_hash = '${previousHash}', hash = '${hash}'
          where seq = ${entry.seq}`,
      )
      previousHash = hash
    }
    await anchor()
    expect(await verifyAudit(at.caller, { archive: true }, at.on.anchors)).toMatchObject({ ok: true })
    expect(await verification()).toMatchObject({
      ok: false,
      archive: { problem: null },
      problem: { seq: 6, reason: expect.stringContaining('rewritten') },
    })
  })
})

describe('removing old entries', () => {
  test('removes only what is archived, and tells of the rest', async () => {
    await archive()
    await grow(9)
    expect(await prune()).toEqual({ removed: 6, prunedSeq: 6, unarchived: 2 })
    expect(await verification()).toMatchObject({
      ok: true,
      prunedSeq: 6,
      archive: { firstSeq: 1, lastSeq: 6, problem: null },
    })
    await anchor()
    await archive()
    expect(await prune()).toEqual({ removed: 3, prunedSeq: 9, unarchived: 0 })
    expect(await verification()).toMatchObject({ ok: true, archive: { firstSeq: 1, lastSeq: 10, problem: null } })
  })

  test('removes nothing where nothing is archived yet', async () => {
    expect(await prune()).toEqual({ removed: 0, prunedSeq: null, unarchived: 5 })
    expect(await chain()).toHaveLength(7)
  })

  test('removes nothing while the archive is not as it was', async () => {
    const [one, two] = await archiveThree()
    await write(two, (await read(two)).replace('budget 6', 'budget x'))
    await expect(prune()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('archive') })
    await remove(two)
    await expect(prune()).rejects.toMatchObject({ code: 'conflict' })
    await remove(one)
    await expect(prune()).rejects.toMatchObject({ code: 'conflict' })
    expect(await chain()).toHaveLength(11)
  })

  test('what was removed is missed when its segments are gone, the newest included', async () => {
    const [one, two, three] = await archiveThree()
    expect(await prune()).toMatchObject({ prunedSeq: 10 })
    const kept = await read(three)
    await remove(three)
    expect(await verification()).toMatchObject({
      ok: false,
      archive: { problem: { segment: null, seq: 9, reason: expect.stringContaining('newest segments are missing') } },
    })
    await write(three, kept)
    for (const key of [one, two]) await remove(key)
    expect(await verification()).toMatchObject({ ok: false, archive: { problem: { segment: three, seq: 1 } } })
  })

  test('what was removed before there was an archive is not missed', async () => {
    expect(await prune(at.on.anchors)).toMatchObject({ prunedSeq: 5 })
    await anchor()
    await archive()
    expect(await segments()).toEqual([segmentKey(6, 7)])
    expect(await verification()).toMatchObject({ ok: true, archive: { firstSeq: 6, lastSeq: 7, problem: null } })
    // And while it was switched off.
    await grow(9)
    expect(await prune(at.on.anchors)).toMatchObject({ prunedSeq: 8 })
    await anchor()
    await archive()
    expect(await segments()).toEqual([segmentKey(6, 7), segmentKey(9, 10)])
    expect(await verification()).toMatchObject({ ok: true, archive: { firstSeq: 6, lastSeq: 10, problem: null } })
  })
})
