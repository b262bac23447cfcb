import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

// Nothing answers there, which is what a domain looks like whose DNS is down.
const shared = sharePlatform({ FREEHOLD_DNS_SERVERS: '127.0.0.1:9' })
const freehold = (...args: string[]) => shared.run(['branding', ...args])

describe('branding', () => {
  it('is shown, and what is given of it changes', async () => {
    expect((await freehold('show')).out).toMatch(/name +as the installation has it\n.*host +none\n/s)
    await freehold('set', '--name', 'Acme Agents', '--support', 'help@acme.example')
    const { out, err } = await freehold('set', '--background', '#ffffff', '--text', '#eeeeee', '--support', 'none')
    expect(out).toMatch(/name +Acme Agents\n.*text +#eeeeee\nsupport +as the installation has it\n/s)
    expect(err).toContain('contrast')
  })

  it('has a host, once the record that it shows is in DNS', async () => {
    const { out } = await freehold('set', '--host', 'agents.acme.example')
    expect(out).toMatch(/host +agents\.acme\.example, pending\nto be in DNS +_custom-host\.agents\.acme\.example TXT "/)
    expect(await freehold('verify-host')).toMatchObject({ code: 1, err: expect.stringContaining('DNS did not answer') })
    expect((await freehold('set', '--host', 'none')).out).toMatch(/host +none\n/)
  })

  it('takes no logo that is none', async () => {
    const path = join(shared.dataDir, 'logo.svg')
    await writeFile(path, '<svg xmlns="http://www.w3.org/2000/svg"/>')
    expect(await freehold('set', '--logo', path)).toMatchObject({ code: 1, err: expect.stringContaining('SVG') })
  })

  it.each([
    ['nothing to change', [], 'Give what to change'],
    ['a colour that is none', ['--primary', 'red'], 'primary: must be a colour'],
    ['a host that is none', ['--host', 'https://a.example'], 'host: '],
    ['a logo that is not there', ['--logo', '/nowhere/logo.png'], "--logo: can't read"],
  ])('says what is wrong with %s', async (_, args, text) => {
    expect(await freehold('set', ...args)).toMatchObject({ code: 2, err: expect.stringContaining(text) })
  })
})
