import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)
const inFolder = (name: string) => join(shared.dataDir, name)

/** The file that `docs/onboarding.md` shows. */
async function writeExample(): Promise<string> {
  const guide = await readFile(new URL('../../../../docs/onboarding.md', import.meta.url), 'utf8')
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? []
  const file = inFolder('tenants.yaml')
  await writeFile(file, `${example.replace('name: acme', 'name: initech')}---\n- name: hooli\n`)
  return file
}

describe('a tenant as code', () => {
  it('is applied as the guide shows it, and then there is nothing to change', async () => {
    const file = await writeExample()
    const diff = await freehold('apply', '-f', file, '--dry-run')
    expect(diff).toMatchObject({ code: 4, out: expect.stringContaining('+ create agent helper') })
    expect(diff.out).toContain('~ update setting timeZone\n      "UTC" → "Europe/Berlin"')
    expect(await freehold('apply', '-f', file)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
    const applied = await freehold('apply', '-f', file, '--yes')
    expect(applied).toMatchObject({ code: 0, out: expect.stringContaining('its first key is in') })
    expect(applied.out).toContain('invitation of owner@example.com')
    expect(await freehold('apply', '-f', file, '--yes')).toMatchObject({ code: 0, out: 'Nothing to change.\n' })
    expect(await freehold('apply', '-f', file, '--dry-run')).toMatchObject({ code: 0 })
    expect((await freehold('--tenant', 'initech', 'agents', 'list')).out).toContain('helper')
  })

  it('is refused with every problem and its place', async () => {
    const file = inFolder('wrong.yaml')
    await writeFile(file, 'name: one\nteam: [x]\nbudgets: [{ name: b }]\n---\nname: "\\0"\n')
    const { code, err } = await freehold('apply', '-f', file)
    expect(code).toBe(2)
    expect(err).toContain('document 1: Unrecognized key: "team"')
    expect(err).toContain('document 1: budgets.0.period')
    expect(err).toContain('document 2: name')
    await writeFile(file, 'name: [')
    expect(await freehold('apply', '-f', file)).toMatchObject({ code: 2 })
  })

  it('is created with its plan and owner', async () => {
    const created = await freehold('tenants', 'create', 'umbrella', '--plan', 'standard', '--owner', 'a@example.com')
    expect(created).toMatchObject({ code: 0, out: expect.stringContaining('Invitation of a@example.com as owner') })
  })
})

it('a tenant is exported, deleted with proof, and imported again', async () => {
  const archive = inFolder('initech.tar.gz')
  expect(await freehold('tenants', 'export', 'initech', '-o', archive)).toMatchObject({ code: 1 })
  await freehold('tenants', 'suspend', 'initech')
  expect(await freehold('tenants', 'export', 'initech', '-o', archive)).toMatchObject({ code: 0 })
  expect((await stat(archive)).mode & 0o777).toBe(0o600)

  expect(await freehold('tenants', 'delete', 'initech')).toMatchObject({ code: 2 })
  const deleted = await freehold('tenants', 'delete', 'initech', '--yes', '--json')
  expect(deleted.code).toBe(0)
  const certificate = JSON.parse(deleted.out)
  expect(certificate.rows.agent_templates).toEqual({ before: 1, after: 0 })
  const { out } = await freehold('tenants', 'certificate', certificate.tenantId)
  expect(out).toMatch(/agent_templates +1 +0/)
  expect(out).toMatch(/objects \(folder\) +0 +0/)
  expect(out).toContain(certificate.signature)

  const imported = await freehold('tenants', 'import', archive)
  expect(imported).toMatchObject({ code: 0, out: expect.stringContaining('initech is here, suspended') })
  expect(await freehold('tenants', 'resume', 'initech')).toMatchObject({ code: 0 })
  const verified = await freehold('--tenant', 'initech', 'audit', 'verify')
  expect(verified).toMatchObject({ code: 0, out: expect.stringContaining('whole') })
})
