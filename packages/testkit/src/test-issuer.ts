import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { FreeholdError } from '@freehold/contracts'
import type { VouchedPerson } from '@freehold/core'

/** Vouches for anyone whom a test wants to be somebody. Its tokens are good for one platform. */
export function createTestIssuer() {
  const key = randomBytes(32)
  const sign = (text: string) => createHmac('sha256', key).update(text).digest()

  return {
    tokenFor(person: Partial<VouchedPerson> & { subject: string }): string {
      const vouched = { issuer: 'https://issuer.invalid', email: null, emailVerified: true, name: null, ...person }
      const text = Buffer.from(JSON.stringify(vouched)).toString('base64url')
      return `${text}.${sign(text).toString('base64url')}`
    },

    async vouch(token: string): Promise<VouchedPerson> {
      const [text = '', signature = ''] = token.split('.')
      const given = Buffer.from(signature, 'base64url')
      if (given.length !== 32 || !timingSafeEqual(given, sign(text))) {
        throw new FreeholdError('unauthenticated', 'This token is of another issuer.')
      }
      return JSON.parse(Buffer.from(text, 'base64url').toString()) as VouchedPerson
    },
  }
}
