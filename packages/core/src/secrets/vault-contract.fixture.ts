import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SecretRef, Vault } from './vault.ts'

/** What every vault keeps to. `open` gives one that is ready, and `acme` and `globex` are tenants that it may have to know. */
export function describeVault(name: string, open: () => { vault: Vault; acme: string; globex: string }): void {
  const secretOf = (tenantId: string): SecretRef => ({ tenantId, secretId: randomUUID() })

  describe(`the vault contract: ${name}`, () => {
    it('gives back what was put, byte for byte', async () => {
      const { vault, acme } = open()
      for (const value of [
        'plain',
        'two\nlines\r\n',
        'Grüße, 東京 🗝',
        '{"json": "\\"quoted\\""}',
        ' ',
        'x'.repeat(65_536),
      ]) {
        const secret = secretOf(acme)
        const version = await vault.put(secret, value)
        expect(await vault.get(secret)).toEqual({ value, version })
      }
    })

    it('gives the newest value, under another version each time', async () => {
      const { vault, acme } = open()
      const secret = secretOf(acme)
      const versions = [
        await vault.put(secret, 'first'),
        await vault.put(secret, 'second'),
        await vault.put(secret, 'second'),
      ]
      expect(new Set(versions).size).toBe(3)
      expect(await vault.get(secret)).toEqual({ value: 'second', version: versions[2] })
    })

    it('has nothing where nothing was put', async () => {
      const { vault, acme } = open()
      expect(await vault.get(secretOf(acme))).toBeUndefined()
    })

    it('keeps the ground of each tenant apart, also under the same id', async () => {
      const { vault, acme, globex } = open()
      const ours = secretOf(acme)
      const theirs = { ...ours, tenantId: globex }
      await vault.put(ours, 'of acme')
      expect(await vault.get(theirs)).toBeUndefined()
      await vault.delete(theirs)
      await vault.put(theirs, 'of globex')
      expect((await vault.get(ours))?.value).toBe('of acme')
      expect((await vault.get(theirs))?.value).toBe('of globex')
    })

    it('forgets what is deleted, with every version; deleting twice is no error', async () => {
      const { vault, acme } = open()
      const secret = secretOf(acme)
      await vault.put(secret, 'first')
      await vault.put(secret, 'second')
      await vault.delete(secret)
      expect(await vault.get(secret)).toBeUndefined()
      await vault.delete(secret)
      await vault.put(secret, 'again')
      expect((await vault.get(secret))?.value).toBe('again')
    })

    it('keeps one of several values that are put at once', async () => {
      const { vault, acme } = open()
      const secret = secretOf(acme)
      const values = ['one', 'two', 'three', 'four']
      const versions = await Promise.all(values.map((value) => vault.put(secret, value)))
      expect(new Set(versions).size).toBe(4)
      const stored = await vault.get(secret)
      expect(versions).toContain(stored?.version)
      expect(values).toContain(stored?.value)
    })
  })
}
