import { type Environment, type PutFlag, putFlagSchema } from '@freehold/contracts'
import { describe, expect, it } from 'vitest'
import type { Flags } from './open-flags.ts'

/** A flag that is there before the suite begins. */
export interface ContractFlag extends PutFlag {
  name: string
  environment: Environment
}

const inProduction = (name: string, flag: Parameters<typeof putFlagSchema.parse>[0]): ContractFlag => ({
  name,
  environment: 'production',
  ...putFlagSchema.parse(flag),
})
const all = (variant: string) => [{ variant, percent: 100 }]

/** What acme has in production; globex has nothing. */
export const contractFlags: readonly ContractFlag[] = [
  inProduction('is-on', {}),
  inProduction('is-off', { enabled: false }),
  inProduction('greeting', { type: 'string', variants: { friendly: 'Hello!' }, serve: all('friendly') }),
  inProduction('greeting-off', { type: 'string', enabled: false, variants: { a: 'b' }, serve: all('a') }),
  inProduction('max-steps', { type: 'number', variants: { many: 12.5 }, serve: all('many') }),
  inProduction('theme', { type: 'object', variants: { dark: { ink: '#fff', sizes: [1, 2] } }, serve: all('dark') }),
  inProduction('third', {
    serve: [
      { variant: 'on', percent: 30 },
      { variant: 'off', percent: 70 },
    ],
  }),
  inProduction('for-gold', {
    rules: [{ when: [{ attribute: 'plan', operator: 'in', values: ['gold', 'black'] }], serve: all('on') }],
    serve: all('off'),
  }),
  inProduction('for-production', {
    rules: [{ when: [{ attribute: 'environment', operator: 'in', values: ['production'] }], serve: all('on') }],
    serve: all('off'),
  }),
]

/** What flags keep to, wherever they are. */
export function describeFlags(name: string, open: () => { flags: Flags; acme: string; globex: string }): void {
  const of = (tenant: 'acme' | 'globex', environment: Environment = 'production') => {
    const opened = open()
    return opened.flags.bind(opened[tenant], environment)
  }

  describe(`the flags contract: ${name}`, () => {
    it('says whether a boolean is on', async () => {
      expect(await of('acme').client().getBooleanValue('is-on', false)).toBe(true)
      expect(await of('acme').client().getBooleanValue('is-off', true)).toBe(false)
    })

    it('gives the value of a variant, of each type, with its name', async () => {
      const client = of('acme').client()
      expect(await client.getStringDetails('greeting', '')).toMatchObject({ value: 'Hello!', variant: 'friendly' })
      expect(await client.getNumberDetails('max-steps', 0)).toMatchObject({ value: 12.5, variant: 'many' })
      const { value } = await client.getObjectDetails('theme', {})
      expect(value).toEqual({ ink: '#fff', sizes: [1, 2] })
    })

    it('leaves the fallback where a flag is off, is not there, or has another type', async () => {
      const client = of('acme').client()
      const off = await client.getStringDetails('greeting-off', 'mine')
      expect(off).toMatchObject({ value: 'mine', reason: 'DISABLED' })
      const missing = await client.getNumberDetails('no-such-flag', 7)
      expect(missing).toMatchObject({ value: 7, errorCode: 'FLAG_NOT_FOUND' })
      const other = await client.getNumberDetails('greeting', 7)
      expect(other).toMatchObject({ value: 7, errorCode: 'TYPE_MISMATCH' })
    })

    it('goes by attributes', async () => {
      const get = (plan: string) => of('acme').client({ attributes: { plan } }).getBooleanValue('for-gold', false)
      expect([await get('gold'), await get('black'), await get('tin')]).toEqual([true, true, false])
      expect(await of('acme').client().getBooleanValue('for-gold', false)).toBe(false)
    })

    it('goes by the environment that it is asked in, whatever the attributes say', async () => {
      const attributes = { environment: 'staging' }
      expect(await of('acme').client({ attributes }).getBooleanValue('for-production', false)).toBe(true)
    })

    it('serves a share of the targeting keys, and each key always the same', async () => {
      const get = (key: number) =>
        of('acme')
          .client({ targetingKey: `thread-${key}`, attributes: {} })
          .getBooleanValue('third', false)
      const keys = Array.from({ length: 100 }, (_, key) => key)
      const first = await Promise.all(keys.map(get))
      expect(await Promise.all(keys.map(get))).toEqual(first)
      // The keys are always the same ones, so that this is no matter of luck.
      const share = first.filter(Boolean).length / keys.length
      expect(share).toBeGreaterThan(0.2)
      expect(share).toBeLessThan(0.4)
    })

    it('keeps tenants and environments apart, whatever the attributes say', async () => {
      const elsewhere = [of('globex'), of('acme', 'staging')]
      const { acme } = open()
      const attributes = { tenantId: acme, environment: 'production' }
      for (const flags of elsewhere) {
        expect(await flags.client({ attributes }).getBooleanValue('is-on', false, attributes)).toBe(false)
        expect(await flags.client({ attributes }).getStringValue('greeting', 'mine', attributes)).toBe('mine')
      }
    })
  })
}
