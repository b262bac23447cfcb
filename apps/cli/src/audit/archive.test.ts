import { spawnSync } from 'node:child_process'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '@freehold/testkit'
import { expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform({ FREEHOLD_AUDIT_ARCHIVE: 'on', FREEHOLD_AUDIT_ARCHIVE_SECONDS: '1' })
const freehold = (...args: string[]) => shared.run(args)

async function listSegments(): Promise<string[]> {
  const { id } = JSON.parse((await freehold('whoami', '--json')).out).tenant
  const folder = join(shared.dataDir, 'objects', 'tenants', id, 'audit')
  return (await readdir(folder)).map((name) => join(folder, name))
}

/** Changes something, and waits until that is archived. */
async function archiveChange(timeZone: string): Promise<void> {
  const before = await waitFor(() => listSegments().catch(() => undefined))
  await freehold('settings', 'set', '--time-zone', timeZone)
  await waitFor(async () => (await listSegments()).length > before.length, { timeoutMs: 30_000 })
}

/** What `docs/audit.md` gives to a stranger, who has nothing but the files. */
async function verifyElsewhere(paths: string[]) {
  const guide = await readFile(new URL('../../../../docs/audit.md', import.meta.url), 'utf8')
  const [, script = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
  await writeFile(join(shared.dataDir, 'verify-audit.mjs'), script)
  const args = [join(shared.dataDir, 'verify-audit.mjs'), ...paths]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, out: stdout + stderr }
}

it('the archive is verified beside the chain, and by a stranger who has only its segments', async () => {
  await archiveChange('Europe/Berlin')
  await archiveChange('Europe/Rome')
  const verified = await freehold('audit', 'verify')
  expect(verified).toMatchObject({
    code: 0,
    out: expect.stringMatching(/archive +whole\narchived +entries 1 to \d+, \d+ segments/),
  })
  expect((await freehold('doctor')).out).toMatch(/✓ audit archive of acme: folder, up to entry \d+/)
  const segments = await listSegments()
  const [first = '', second = ''] = segments
  expect(await verifyElsewhere(segments)).toMatchObject({
    status: 0,
    out: expect.stringContaining(', 0 before them removed'),
  })
  expect(await verifyElsewhere([second])).toMatchObject({
    status: 0,
    out: expect.stringContaining('before them not here'),
  })
  expect(await verifyElsewhere(segments.slice(1))).toMatchObject({
    status: 1,
    out: expect.stringContaining('are missing'),
  })
  expect(await verifyElsewhere([first, ...segments.slice(2)])).toMatchObject({ status: 1 })

  const text = await readFile(second, 'utf8')
  for (const edited of [
    text.replace('Europe/Berlin', 'Europe/Paris'),
    text.replace(/\n.*"type":"anchor"[^\n]*\n$/, '\n'),
    text.replace(/\{"type":"entry"[^\n]*\n/, ''),
  ]) {
    expect(edited).not.toBe(text)
    await writeFile(second, edited)
    expect(await verifyElsewhere(segments)).toMatchObject({ status: 1 })
    const { code, out } = await freehold('audit', 'verify')
    expect(code).toBe(1)
    expect(out).toMatch(
      /chain +whole\n[\s\S]*archive +not as it was\n[\s\S]*problem +audit\/0+\d+-0+\d+\.jsonl, entry \d+: /,
    )
    expect(await freehold('audit', 'verify', '--no-archive')).toMatchObject({ code: 0 })
  }
  await writeFile(second, text)
  expect(await freehold('audit', 'verify')).toMatchObject({ code: 0 })
})

it('what is pruned stays provable, and what is not archived stays', async () => {
  const pruned = await freehold('audit', 'prune', 'acme', '--before', '2999-01-01', '--yes')
  expect(pruned).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+ entries of acme are removed\./) })
  await archiveChange('Europe/Madrid')
  expect(await verifyElsewhere(await listSegments())).toMatchObject({
    status: 0,
    out: expect.stringContaining(' 0 before'),
  })
  expect((await freehold('audit', 'verify')).out).toMatch(/removed +\d+ before them[\s\S]*archived +entries 1 to/)
})

it('an archive that can not be reached is told of', async () => {
  const folder = join(shared.dataDir, 'objects')
  await rename(folder, `${folder}.away`)
  await writeFile(folder, '')
  const { code, out } = await freehold('doctor')
  expect(code).toBe(1)
  expect(out).toMatch(/✗ audit archive of acme: .*object store/)
  expect(await freehold('audit', 'verify')).toMatchObject({ code: 1, err: expect.stringContaining('object store') })
  expect(await freehold('audit', 'prune', 'acme', '--before', '2999-01-01', '--yes')).toMatchObject({ code: 1 })
})
