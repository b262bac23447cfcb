import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)

describe('the audit trail', () => {
  it('is listed, filtered and verified', async () => {
    await freehold('settings', 'set', '--time-zone', 'Europe/Berlin')
    expect((await freehold('audit', 'list')).out).toMatch(/tenant\.updated +credentials\.json +(::ffff:)?127\.0\.0\.1/)
    const [entry] = JSON.parse((await freehold('audit', 'list', '--action', 'tenant.updated', '--json')).out)
    expect(entry).toMatchObject({ before: { timeZone: 'UTC' }, after: { timeZone: 'Europe/Berlin' } })
    expect((await freehold('audit', 'list', '--from', '2999-01-01')).out).toBe('No such changes.\n')
    expect(await freehold('audit', 'list', '--from', 'noon')).toMatchObject({ code: 2 })
    expect(await freehold('audit', 'list', '--action', 'nothing')).toMatchObject({ code: 2 })
    const verified = await freehold('audit', 'verify')
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/chain +whole\n/) })
  })

  /** What `docs/audit.md` gives to a stranger, run on an export. */
  async function verifyElsewhere(lines: string[]) {
    const guide = await readFile(new URL('../../../../docs/audit.md', import.meta.url), 'utf8')
    const [, script = ''] = /```js\n([\s\S]*?)```/.exec(guide) ?? []
    await writeFile(join(shared.dataDir, 'verify-audit.mjs'), script)
    await writeFile(join(shared.dataDir, 'audit.jsonl'), lines.join('\n'))
    const { status, stdout, stderr } = spawnSync(process.execPath, ['verify-audit.mjs', 'audit.jsonl'], {
      cwd: shared.dataDir,
      encoding: 'utf8',
    })
    return { status, out: stdout + stderr }
  }

  it('is exported so that a stranger can verify it', async () => {
    const { code, out } = await freehold('audit', 'export')
    expect(code).toBe(0)
    const lines = out.trimEnd().split('\n')
    const [header, ...rest] = lines.map((line) => JSON.parse(line))
    expect(header).toMatchObject({ type: 'header', format: 'freehold-audit/1', publicKey: { crv: 'Ed25519' } })
    const entries = rest.filter(({ type }) => type === 'entry').length
    expect(entries).toBeGreaterThan(2)
    expect(rest.filter(({ type }) => type === 'anchor').length).toBeGreaterThan(0)
    expect(await verifyElsewhere(lines)).toEqual({ status: 0, out: expect.stringContaining(`${entries} entries`) })

    const edited = lines.map((line) => line.replace('Europe/Berlin', 'Europe/Paris'))
    expect(await verifyElsewhere(edited)).toMatchObject({ status: 1, out: expect.stringContaining('hash') })
    const firstEntry = lines.findIndex((line) => line.includes('"type":"entry"'))
    const gap = lines.toSpliced(firstEntry + 1, 1)
    expect(await verifyElsewhere(gap)).toMatchObject({ status: 1 })
    const truncated = lines.filter((line) => !line.includes('"type":"entry"'))
    expect(await verifyElsewhere(truncated)).toMatchObject({ status: 1, out: expect.stringContaining('anchor') })
  })

  it('can be verified after old entries were removed, here and elsewhere', async () => {
    const { seq: anchored } = JSON.parse(
      (await freehold('audit', 'export')).out.trimEnd().split('\n').at(-1) ?? '',
    ).anchor
    expect(anchored).toBeGreaterThan(1)
    const prune = ['audit', 'prune', 'acme', '--before', '2999-01-01']
    expect(await freehold(...prune)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
    const pruned = await freehold(...prune, '--yes')
    expect(pruned).toMatchObject({ code: 0, out: `${anchored - 1} entries of acme are removed.\n` })
    const verified = await freehold('audit', 'verify')
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(`removed +${anchored - 1} before them`) })
    const lines = (await freehold('audit', 'export')).out.trimEnd().split('\n')
    const removed = expect.stringContaining(`${anchored - 1} before them removed`)
    expect(await verifyElsewhere(lines)).toEqual({ status: 0, out: removed })
    const unsigned = lines.filter((line) => !line.includes('"checkpoint"'))
    expect(await verifyElsewhere(unsigned)).toMatchObject({ status: 1, out: expect.stringContaining('missing') })
  })
})
