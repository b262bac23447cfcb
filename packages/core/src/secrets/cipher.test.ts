import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSecretCipher } from './cipher.ts'

const cipher = createSecretCipher(randomBytes(32))

it('opens what it sealed, and seals differently each time', () => {
  const sealed = cipher.seal('a secret', 'of acme')
  expect(cipher.open(sealed, 'of acme')).toBe('a secret')
  expect(sealed.toString('latin1')).not.toContain('a secret')
  expect(cipher.seal('a secret', 'of acme').equals(sealed)).toBe(false)
})

it('opens nothing of another context or key, and nothing that was changed', () => {
  const sealed = cipher.seal('a secret', 'of acme')
  expect(() => cipher.open(sealed, 'of globex')).toThrow()
  expect(() => createSecretCipher(randomBytes(32)).open(sealed, 'of acme')).toThrow()
  const changed = Buffer.from(sealed)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  expect(() => cipher.open(changed, 'of acme')).toThrow()
})
