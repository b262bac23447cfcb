import {
  createTestPlatform,
  type DnsServer,
  sampleLogo,
  startDnsServer,
  type TestPlatform,
  type TestTenant,
} from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { brandOf, findBranding, findLogo, getBranding } from './branding.ts'
import { checkDueHosts } from './check-hosts.ts'
import { createTxtResolver } from './resolve-txt.ts'

let on: TestPlatform
let dns: DnsServer
let number = 0
let tenant: TestTenant

beforeAll(async () => {
  dns = await startDnsServer()
  on = await createTestPlatform({ resolveTxt: createTxtResolver([dns.address]) })
})
beforeEach(async () => {
  number += 1
  tenant = await on.createTenant(`tenant-${number}`)
})
afterAll(async () => {
  await on.close()
  await dns.close()
})

const house = { name: 'The House', supportAddress: 'help@house.example' }
const seen = (host: string) => findBranding(on.database, host, house)
const as = (who: TestTenant) => on.client(who.key)
/** Claims a host and does what the answer says, if `obey`. */
async function claim(who: TestTenant, host: string, obey = true) {
  const claimed = await as(who).claimHost({ body: { host } })
  const { name, value } = claimed.record
  if (obey) dns.records.set(name, [...(dns.records.get(name) ?? []), value])
  return claimed
}
const newHost = () => `agents-${number}.example.com`
const entriesOf = async (who: TestTenant) =>
  (await as(who).listAudit()).items.map(({ action }) => action).filter((action) => action.startsWith('branding.'))

describe('the look of a tenant', () => {
  const full = {
    name: 'Acme Agents',
    colors: { primary: '#0B5FFF', background: '#ffffff', text: '#111111' },
    supportAddress: 'https://help.acme.example/',
    sender: { name: 'Acme', replyTo: 'hello@acme.example' },
  }
  const stored = { ...full, colors: { ...full.colors, primary: '#0b5fff' } }

  test('is as the installation has it until it is set, and again when it is set to nothing', async () => {
    const none = await as(tenant).getBranding()
    expect(none).toMatchObject({ name: null, logo: null, colors: { primary: null }, host: null, warnings: [] })
    expect(await as(tenant).putBranding({ body: full })).toEqual({ ...none, ...stored })
    expect(await brandOf(on.database, tenant.id)).toEqual({ ...stored, logoUrl: null, host: null })
    expect(await as(tenant).putBranding({ body: {} })).toEqual(none)
    expect(await entriesOf(tenant)).toEqual(['branding.set', 'branding.set'])
  })

  test('belongs to one tenant', async () => {
    await as(tenant).putBranding({ body: full })
    expect(await as(on.globex).getBranding()).toMatchObject({ name: null })
  })

  test('needs the permission', async () => {
    const { apiKey } = await as(tenant).createKey({ body: { name: 'reader', scopes: ['tenant:read'] } })
    const reader = on.client(apiKey)
    await expect(reader.getBranding()).resolves.toMatchObject({ name: null })
    await expect(reader.putBranding({ body: full })).rejects.toMatchObject({ code: 'permission_denied' })
    await expect(reader.claimHost({ body: { host: newHost() } })).rejects.toMatchObject({ code: 'permission_denied' })
    const { apiKey: other } = await as(tenant).createKey({ body: { name: 'other', scopes: ['runs:read'] } })
    await expect(on.client(other).getBranding()).rejects.toMatchObject({ code: 'permission_denied' })
  })

  test('is warned of when it can not be read', async () => {
    const colors = { primary: '#ffff00', background: '#ffffff', text: '#777777' }
    const { warnings } = await as(tenant).putBranding({ body: { colors } })
    expect(warnings).toEqual([
      'text #777777 on background #ffffff has a contrast of 4.47:1; 4.5:1 can be read well.',
      'primary #ffff00 on background #ffffff has a contrast of 1.07:1; 3:1 can be read well.',
    ])
  })
})

describe('a logo', () => {
  const bytes = Buffer.from(sampleLogo, 'base64')

  test('is readable by its hash as long as it is the logo of somebody', async () => {
    const { logo } = await as(tenant).putLogo({ body: { data: sampleLogo } })
    expect(logo).toMatchObject({ contentType: 'image/png', url: expect.stringMatching(/\/logos\/[0-9a-f]{64}$/) })
    const hash = logo?.url.split('/').at(-1) ?? ''
    expect(await findLogo(on.database, hash)).toEqual({ contentType: 'image/png', bytes: new Uint8Array(bytes) })
    expect(await as(tenant).deleteLogo()).toMatchObject({ logo: null })
    expect(await as(tenant).deleteLogo()).toMatchObject({ logo: null })
    expect(await findLogo(on.database, hash)).toBeUndefined()
    expect(await entriesOf(tenant)).toEqual(['branding.logo-deleted', 'branding.logo-set'])
  })

  test('of more than 256 KiB is refused, and one of as much is taken', async () => {
    const most = Buffer.concat([bytes, Buffer.alloc(262_144 - bytes.length)])
    const put = (content: Buffer) => as(tenant).putLogo({ body: { data: content.toString('base64') } })
    await expect(put(most)).resolves.toMatchObject({ logo: { contentType: 'image/png' } })
    await expect(put(Buffer.concat([most, Buffer.of(0)]))).rejects.toMatchObject({
      code: /payload_too_large|invalid_request/,
    })
  })

  test('that is no image is refused, an SVG too', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>').toString(
      'base64',
    )
    await expect(as(tenant).putLogo({ body: { data: svg } })).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('a host', () => {
  test('is the tenant’s once the record is in DNS', async () => {
    const host = newHost()
    await as(tenant).putBranding({ body: { name: 'Known' } })
    const { record } = await claim(tenant, host, false)
    expect(record.name).toBe(`_custom-host.${host}`)
    await expect(as(tenant).verifyHost()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(record.value),
    })
    expect(await seen(host)).toEqual(await seen('unknown.example'))
    dns.records.set(record.name, ['v=spf1 -all', record.value])
    expect(await as(tenant).verifyHost()).toMatchObject({ host, status: 'verified', expiresAt: null })
    expect(await seen(host)).toMatchObject({ name: 'Known', supportAddress: null })
    await as(tenant).releaseHost()
    expect(await seen(host)).toEqual(await seen('unknown.example'))
    expect((await entriesOf(tenant)).slice(0, 3)).toEqual([
      'branding.host-released',
      'branding.host-verified',
      'branding.host-claimed',
    ])
  })

  test('is given up when another one is claimed, which has to be verified anew', async () => {
    const [first, second] = [newHost(), `second-${newHost()}`]
    await claim(tenant, first)
    await as(tenant).verifyHost()
    const again = await as(tenant).claimHost({ body: { host: first } })
    expect(again).toMatchObject({ status: 'verified' })
    const { record } = await claim(tenant, second, false)
    expect(record.value).not.toBe(again.record.value)
    await expect(as(tenant).verifyHost()).rejects.toMatchObject({ code: 'conflict' })
    await as(tenant).putBranding({ body: { name: 'Moved' } })
    expect(await seen(first)).toEqual(await seen('unknown.example'))
  })

  test('that somebody else claims, or has, looks like a free one to who claims it', async () => {
    const [host, taken] = [newHost(), `taken-${newHost()}`]
    const [holder, other] = [await on.createTenant(`holder-${number}`), await on.createTenant(`other-${number}`)]
    await claim(holder, taken)
    await as(holder).verifyHost()
    await claim(other, host, false)
    for (const asked of [host, taken, `free-${host}`]) {
      const { record, ...rest } = await claim(tenant, asked, false)
      const pending = { status: 'pending', expiresAt: expect.any(String), verifiedAt: null, missingSince: null }
      expect(rest).toEqual({ host: asked, ...pending })
      await expect(as(tenant).verifyHost()).rejects.toMatchObject({
        code: 'conflict',
        message: `There is no TXT record ${record.name} with the value ${record.value} yet. DNS may take a while to show it; verify again then.`,
      })
    }
  })

  test('stays with who proves it, though somebody claimed it first', async () => {
    const host = newHost()
    await claim(on.globex, host, false)
    await claim(tenant, host)
    expect(await as(tenant).verifyHost()).toMatchObject({ status: 'verified' })
    await expect(as(on.globex).verifyHost()).rejects.toMatchObject({ code: 'conflict' })
  })

  test('goes over to another tenant when DNS proves that one only', async () => {
    const host = newHost()
    const next = await on.createTenant(`next-${number}`)
    const { record } = await claim(tenant, host)
    await as(tenant).verifyHost()
    await claim(next, host)
    await expect(as(next).verifyHost()).rejects.toMatchObject({ message: expect.stringContaining('another tenant') })
    expect(await as(tenant).getBranding()).toMatchObject({ host: { status: 'verified' } })
    dns.records.set(record.name, dns.records.get(record.name)?.filter((value) => value !== record.value) ?? [])
    expect(await as(next).verifyHost()).toMatchObject({ status: 'verified' })
    expect(await as(tenant).getBranding()).toMatchObject({ host: null })
    expect(await entriesOf(tenant)).toContain('branding.host-released')
    expect(await as(tenant).verifyAudit({ query: {} })).toMatchObject({ ok: true })
  })

  describe('whose record is gone from DNS', () => {
    const failures: unknown[] = []
    const check = async (hoursLater = 0) => {
      const sooner = `update custom_hosts set next_check_at = next_check_at - interval '2 hours',
        missing_since = missing_since - $2 * interval '1 hour' where tenant_id = $1`
      await on.asSuperuser(sooner, [tenant.id, hoursLater])
      await checkDueHosts(on.database, createTxtResolver([dns.address]), (error) => failures.push(error))
      return (await as(tenant).getBranding()).host
    }

    test('is given up after three days, which its owner sees coming', async () => {
      const host = newHost()
      const { record } = await claim(tenant, host)
      expect(await as(tenant).verifyHost()).toMatchObject({ missingSince: null })
      expect(await check()).toMatchObject({ status: 'verified', missingSince: null })
      dns.records.delete(record.name)
      expect(await check()).toMatchObject({ status: 'verified', missingSince: expect.any(String) })
      expect(await check(71)).toMatchObject({ status: 'verified', missingSince: expect.any(String) })
      expect(await check(2)).toMatchObject({ status: 'expired', missingSince: null, verifiedAt: null })
      expect(await seen(host)).toEqual(await seen('unknown.example'))
      expect(await entriesOf(tenant)).toContain('branding.host-released')
      await claim(tenant, host)
      expect(await as(tenant).verifyHost()).toMatchObject({ status: 'verified' })
    })

    test('stays when the record comes back, and when DNS does not answer', async () => {
      const { record } = await claim(tenant, newHost())
      await as(tenant).verifyHost()
      dns.records.delete(record.name)
      await check()
      dns.records.set(record.name, [record.value])
      expect(await as(tenant).verifyHost()).toMatchObject({ status: 'verified', missingSince: null })
      dns.records.delete(record.name)
      await check()
      dns.broken.add(record.name)
      expect(await check(100)).toMatchObject({ status: 'verified', missingSince: expect.any(String) })
      expect(failures).toMatchObject([{ code: 'unavailable' }])
      dns.broken.delete(record.name)
      dns.records.set(record.name, [record.value])
      expect(await check()).toMatchObject({ status: 'verified', missingSince: null })
    })

    test('is looked for once an hour', async () => {
      await claim(tenant, newHost())
      await as(tenant).verifyHost()
      await check()
      const asked: string[] = []
      await checkDueHosts(
        on.database,
        async (name) => [`${asked.push(name)}`],
        () => {},
      )
      expect(asked).toEqual([])
    })
  })

  test('is verified by one of two that prove it at once', async () => {
    const host = newHost()
    const rival = await on.createTenant(`rival-${number}`)
    await claim(tenant, host)
    await claim(rival, host)
    const results = await Promise.allSettled([as(tenant).verifyHost(), as(rival).verifyHost()])
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  })

  test('is nobody’s when the claim has expired, and can be claimed again', async () => {
    const host = newHost()
    const { record } = await claim(tenant, host)
    await on.asSuperuser(`update custom_hosts set expires_at = now() - interval '1 s' where tenant_id = $1`, [
      tenant.id,
    ])
    expect((await as(tenant).getBranding()).host).toMatchObject({ status: 'expired' })
    await expect(as(tenant).verifyHost()).rejects.toMatchObject({ message: expect.stringContaining('expired') })
    const again = await claim(tenant, host)
    expect(again.record.value).not.toBe(record.value)
    expect(await as(tenant).verifyHost()).toMatchObject({ status: 'verified' })
  })

  test('of a suspended tenant looks like an unknown one', async () => {
    const host = newHost()
    await as(tenant).putBranding({ body: { name: 'Suspended' } })
    await claim(tenant, host)
    await as(tenant).verifyHost()
    await on.client(on.operatorKey).suspendTenant({ params: { id: tenant.id } })
    expect(await seen(host)).toEqual(await seen('unknown.example'))
  })

  test('can not be verified while DNS fails, which is said to pass', async () => {
    const { record } = await claim(tenant, newHost())
    dns.broken.add(record.name)
    await expect(as(tenant).verifyHost()).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('has to be claimed before it is verified', async () => {
    await expect(as(tenant).verifyHost()).rejects.toMatchObject({ code: 'not_found' })
    expect(await as(tenant).releaseHost()).toMatchObject({ host: null })
    expect(await entriesOf(tenant)).toEqual([])
  })
})

test('who asks is a caller of the tenant', async () => {
  await expect(getBranding({ ...on.caller(tenant), tenantId: null })).rejects.toMatchObject({
    code: 'permission_denied',
  })
})
