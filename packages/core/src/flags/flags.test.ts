import { putFlagSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decide } from './decide.ts'
import { putFlag } from './flags.ts'
import { contractFlags, describeFlags } from './flags-contract.fixture.ts'
import { type Flags, openFlags } from './open-flags.ts'
import { createStoredProvider } from './stored-provider.ts'

let on: TestPlatform
let flags: Flags

beforeAll(async () => {
  on = await createTestPlatform()
  flags = await openFlags('stored', createStoredProvider(on.database))
  for (const { name, environment, ...body } of contractFlags) {
    await on.client(on.acme.key).putFlag({ params: { name }, query: { environment }, body })
  }
})
afterAll(async () => {
  await flags.close()
  await on.close()
})

describeFlags('stored', () => ({ flags, acme: on.acme.id, globex: on.globex.id }))

const acme = () => on.client(on.acme.key)

describe('flags of a tenant', () => {
  it('are put, read, listed, asked and deleted by environment, and audited', async () => {
    const at = { params: { name: 'short-lived' }, query: { environment: 'staging' } } as const
    const put = await acme().putFlag({ ...at, body: { description: 'for a while' } })
    expect(put).toMatchObject({ name: 'short-lived', environment: 'staging', type: 'boolean', enabled: true })
    expect(await acme().getFlag(at)).toEqual(put)
    expect((await acme().listFlags({ query: at.query })).items).toEqual([put])
    expect((await acme().listFlags()).items.map(({ name }) => name)).not.toContain('short-lived')
    expect(await acme().evaluateFlag({ ...at, body: {} })).toEqual({ value: true, variant: 'on', reason: 'STATIC' })
    await acme().putFlag({ ...at, body: { enabled: false } })
    expect(await acme().evaluateFlag({ ...at, body: {} })).toEqual({ value: false, variant: null, reason: 'DISABLED' })
    await acme().deleteFlag(at)
    await expect(acme().getFlag(at)).rejects.toMatchObject({ code: 'not_found' })
    await expect(acme().evaluateFlag({ ...at, body: {} })).rejects.toMatchObject({ code: 'not_found' })
    const { items } = await acme().listAudit()
    expect(items.slice(0, 3).map(({ action, subject }) => [action, subject.id])).toEqual([
      ['flag.deleted', 'short-lived@staging'],
      ['flag.set', 'short-lived@staging'],
      ['flag.set', 'short-lived@staging'],
    ])
  })

  it('answer over HTTP with what OpenFeature says', async () => {
    const ask = (name: string, body: object) => acme().evaluateFlag({ params: { name }, body })
    expect(await ask('greeting', { type: 'string' })).toEqual({
      value: 'Hello!',
      variant: 'friendly',
      reason: 'STATIC',
    })
    expect(await ask('greeting-off', { type: 'string' })).toMatchObject({ value: null, reason: 'DISABLED' })
    const gold = { attributes: { plan: 'gold' } }
    expect(await ask('for-gold', gold)).toMatchObject({ value: true, reason: 'TARGETING_MATCH' })
    expect(await ask('third', { targetingKey: 'thread-1' })).toMatchObject({ reason: 'SPLIT' })
    await expect(ask('third', {})).rejects.toMatchObject({ message: expect.stringContaining('targetingKey') })
    await expect(ask('greeting', {})).rejects.toMatchObject({ message: expect.stringContaining('another type') })
  })

  it('need the permission, and are not found by another tenant', async () => {
    const { apiKey } = await acme().createKey({ body: { name: 'reader', scopes: ['flags:read'] } })
    const params = { name: 'is-on' }
    await expect(on.client(apiKey).getFlag({ params })).resolves.toMatchObject({ name: 'is-on' })
    await expect(on.client(apiKey).putFlag({ params, body: {} })).rejects.toMatchObject({ code: 'permission_denied' })
    await expect(on.client(apiKey).deleteFlag({ params })).rejects.toMatchObject({ code: 'permission_denied' })
    const globex = on.client(on.globex.key)
    for (const ask of [
      () => globex.getFlag({ params }),
      () => globex.deleteFlag({ params }),
      () => globex.evaluateFlag({ params, body: {} }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'not_found' })
    }
  })

  it('can not be changed here when they are in Unleash', async () => {
    const put = putFlag(on.caller(on.acme), { name: 'is-on', environment: 'production' }, putFlagSchema.parse({}), {
      ...flags,
      kind: 'unleash',
    })
    await expect(put).rejects.toMatchObject({ code: 'conflict' })
  })

  it.each([
    ['a variant of another type', { type: 'number', variants: { on: 'one' } }],
    ['shares that are no whole', { serve: [{ variant: 'on', percent: 99 }] }],
    ['a variant that is not there', { serve: [{ variant: 'maybe', percent: 100 }] }],
    [
      'a rule for a variant that is not there',
      { rules: [{ when: [{ attribute: 'a', values: ['b'] }], serve: [{ variant: 'maybe', percent: 100 }] }] },
    ],
    ['a rule that always holds', { rules: [{ when: [], serve: [{ variant: 'on', percent: 100 }] }] }],
    ['a variant called like what every object has', { serve: [{ variant: 'constructor', percent: 100 }] }],
  ])('are refused with %s', (_, flag) => {
    expect(putFlagSchema.safeParse(flag).success).toBe(false)
  })
})

describe('a share', () => {
  it('that grows keeps whoever had it', () => {
    const served = (percent: number, key: number) => {
      const serve = [
        { variant: 'on', percent },
        { variant: 'off', percent: 100 - percent },
      ]
      const flag = { name: 'growing', enabled: true, rules: [], serve }
      const decision = decide(flag, { targetingKey: String(key), attributes: {} })
      return 'variant' in decision && decision.variant === 'on'
    }
    const keys = Array.from({ length: 500 }, (_, key) => key)
    const early = keys.filter((key) => served(10, key))
    expect(early.length).toBeGreaterThan(20)
    expect(early.every((key) => served(50, key))).toBe(true)
    expect(keys.every((key) => served(100, key))).toBe(true)
  })
})
