import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sampleLogo } from '@freehold/testkit'
import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)
const inFolder = (name: string) => join(shared.dataDir, name)

const bomb = ['b', 'c', 'd', 'e', 'f']
  .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcde'[index]}`).join(', ')}]\n`)
  .join('')

/** The file that `docs/onboarding.md` shows. */
async function writeExample(): Promise<string> {
  const guide = await readFile(new URL('../../../../docs/onboarding.md', import.meta.url), 'utf8')
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(guide) ?? []
  const file = inFolder('tenants.yaml')
  await writeFile(file, `${example}---\n- name: hooli\n`)
  await writeFile(inFolder('logo.png'), Buffer.from(sampleLogo, 'base64'))
  return file
}

describe('a tenant as code', () => {
  it('is applied as the guide shows it, and then there is nothing to change', async () => {
    const file = await writeExample()
    const diff = await freehold('apply', '-f', file, '--dry-run')
    expect(diff).toMatchObject({ code: 4, out: expect.stringContaining('+ create agent helper') })
    expect(diff.out).toContain('colors.primary: null → "#0b5fff"')
    expect(diff.out).toContain('branding host\n      null → "agents.initech.example, pending"')
    expect(diff.out).toContain('~ update setting timeZone\n      "UTC" → "Europe/Berlin"')
    expect(await freehold('apply', '-f', file)).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
    const applied = await freehold('apply', '-f', file, '--yes')
    expect(applied).toMatchObject({ code: 0, out: expect.stringContaining('its first key is in') })
    expect(applied.out).toContain('invitation of owner@example.com')
    expect(applied.out).toMatch(
      /in DNS for agents\.initech\.example: _custom-host\.agents\.initech\.example TXT "host-verify=/,
    )
    expect(await freehold('apply', '-f', file, '--yes')).toMatchObject({ code: 0, out: 'Nothing to change.\n' })
    expect(await freehold('apply', '-f', file, '--dry-run')).toMatchObject({ code: 0 })
    expect((await freehold('--tenant', 'initech', 'agents', 'list')).out).toContain('helper')
  })

  it('is refused with every problem and its place', async () => {
    const file = inFolder('wrong.yaml')
    await writeFile(file, 'name: one\nteam: [x]\nbudgets: [{ name: b }]\n---\nname: "\\0"\n')
    const { code, err } = await freehold('apply', '-f', file)
    expect(code).toBe(2)
    expect(err).toContain('document 1: there is no field "team"')
    expect(err).toContain('document 1: budgets.0.period')
    expect(err).toContain('document 2: name')
    await writeFile(file, 'name: [')
    expect(await freehold('apply', '-f', file)).toMatchObject({ code: 2 })
  })

  it.each([
    ['aliases that expand to too much', `a: &a [x, x, x, x, x, x, x, x, x]\n${bomb}`, 'alias'],
    ['a tag that nobody knows', 'name: !file x\n', 'Unresolved tag: !file'],
    ['keys that come twice', 'name: x\nname: y\n', 'keys must be unique'],
    ['a tenant in two documents', 'name: x\n---\nname: x\n', '"x" is defined twice'],
    ['10,000 agents', `name: x\nagents:\n${'- { name: a }\n'.repeat(10_000)}`, 'agents: at most '],
  ])('is refused with %s', async (_, text, message) => {
    const file = inFolder('hostile.yaml')
    await writeFile(file, text)
    const { code, err } = await freehold('apply', '-f', file, '--yes')
    expect(code).toBe(2)
    expect(err).toContain(`${file}`)
    expect(err).toContain(message)
  })

  it('is refused with all that the server says, and of which tenant', async () => {
    const file = inFolder('refused.yaml')
    await writeFile(file, '- { name: one, plan: none }\n- { name: two, agents: [{ name: a, tools: [none] }] }\n')
    const { code, err } = await freehold('apply', '-f', file, '--yes')
    expect(code).toBe(1)
    expect(err).toContain('one: body.plan: there is no plan "none"')
    expect(err).toContain('two: body.agents.0: tools: unknown')
  })

  it('has the logo that lies beside its file', async () => {
    await mkdir(inFolder('piper'))
    const file = inFolder('piper/tenants.yaml')
    await writeFile(file, 'name: piper\nbranding: { logo: images/logo.png }\n')
    const missing = await freehold('apply', '-f', file, '--yes')
    expect(missing).toMatchObject({ code: 2, err: expect.stringContaining("branding.logo: can't read") })
    await mkdir(inFolder('piper/images'))
    await writeFile(inFolder('piper/images/logo.png'), Buffer.from(sampleLogo, 'base64'))
    expect(await freehold('apply', '-f', file, '--yes')).toMatchObject({ code: 0 })
    expect((await freehold('--tenant', 'piper', 'branding', 'show')).out).toMatch(/logo +\/api\/v1\/public\/logos\//)
    await writeFile(inFolder('piper/images/logo.png'), '<svg/>')
    const refused = await freehold('apply', '-f', file, '--yes')
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('branding.logo: data: must be a PNG') })
  })

  it('is created with its plan and owner', async () => {
    const created = await freehold('tenants', 'create', 'umbrella', '--plan', 'standard', '--owner', 'a@example.com')
    expect(created).toMatchObject({ code: 0, out: expect.stringContaining('Invitation of a@example.com as owner') })
  })
})

it('a tenant is exported, deleted with proof, and imported again', async () => {
  const archive = inFolder('initech.tar.gz')
  expect(await freehold('tenants', 'export', 'initech', '-o', archive)).toMatchObject({ code: 1 })
  const credentials = async () => JSON.parse(await readFile(inFolder('credentials.json'), 'utf8')).tenants
  expect(await credentials()).toHaveProperty('initech')
  await freehold('tenants', 'suspend', 'initech')
  expect(await freehold('tenants', 'export', 'initech', '-o', archive)).toMatchObject({ code: 0 })
  expect((await stat(archive)).mode & 0o777).toBe(0o600)

  expect(await freehold('tenants', 'delete', 'initech')).toMatchObject({ code: 2 })
  const deleted = await freehold('tenants', 'delete', 'initech', '--yes', '--json')
  expect(deleted.code).toBe(0)
  expect(await credentials()).not.toHaveProperty('initech')
  const certificate = JSON.parse(deleted.out)
  expect(certificate.rows.agent_templates).toEqual({ before: 1, after: 0 })
  const { out } = await freehold('tenants', 'certificate', certificate.tenantId)
  expect(out).toMatch(/agent_templates +1 +0/)
  expect(out).toMatch(/objects \(folder\) +0 +0/)
  expect(out).toContain(certificate.signature)

  const imported = await freehold('tenants', 'import', archive)
  expect(imported).toMatchObject({ code: 0, out: expect.stringContaining('initech is here, suspended') })
  expect(imported.out).toContain('Its keys of before are good for nothing here; make new ones: first key')
  expect(imported.out).toContain('And whoever was invited but is no member yet: owner@example.com (owner)')
  expect(await freehold('tenants', 'resume', 'initech')).toMatchObject({ code: 0 })
  const verified = await freehold('--tenant', 'initech', 'audit', 'verify')
  expect(verified).toMatchObject({ code: 0, out: expect.stringContaining('whole') })
})

it('an archive that is not there is named, with the reason', async () => {
  const { code, err } = await freehold('tenants', 'import', inFolder('nofile'))
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('nofile') })
  expect(err).toContain('there is no such file')
  expect(err).not.toContain('blob')
})

it('an audit chain that is not whole is told of when it is exported, by the exit code, too', async () => {
  const { tenants } = JSON.parse(await readFile(inFolder('credentials.json'), 'utf8'))
  await freehold('tenants', 'suspend', 'umbrella')
  // An anchor of nobody's key.
  const anchors = join(shared.dataDir, 'audit-anchors', `${tenants.umbrella.id}.jsonl`)
  const at = new Date().toISOString()
  const forged = { tenantId: tenants.umbrella.id, seq: 1, hash: '0'.repeat(64), at, keyId: 'none', signature: 'none' }
  await appendFile(anchors, `${JSON.stringify(forged)}\n`)
  const archive = inFolder('umbrella.tar.gz')
  const { code, err, out } = await freehold('tenants', 'export', 'umbrella', '-o', archive)
  expect(code).toBe(1)
  expect(out).toContain(archive)
  expect(err).toContain('Its audit chain is not as it was')
  const { auditProblem } = JSON.parse((await freehold('tenants', 'export', 'umbrella', '-o', archive, '--json')).out)
  expect(auditProblem).toMatchObject({ reason: expect.stringContaining('anchors') })
})
