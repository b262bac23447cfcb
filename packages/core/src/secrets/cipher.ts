import { FreeholdError } from '@freehold/contracts'
import { decrypt, encrypt } from './aead.ts'

/** Encrypts what has to be readable again, such as a signing secret. `context` says whose it is, and opens nothing else. */
export interface SecretCipher {
  seal(text: string, context: string): Buffer
  /** Throws a `FreeholdError` when it was sealed with another key or for another context. */
  open(sealed: Buffer, context: string): string
}

const format = 1

/** Sealed: the format, and what `encrypt` gives. */
export function createSecretCipher(key: Buffer): SecretCipher {
  return {
    seal: (text, context) => Buffer.concat([Buffer.from([format]), encrypt(key, context, text)]),
    open(sealed, context) {
      try {
        if (sealed[0] !== format) throw new Error(`the format ${sealed[0]} is not known`)
        return decrypt(key, context, sealed.subarray(1))
      } catch (cause) {
        throw new FreeholdError('internal', unreadable, { cause, retryable: false })
      }
    },
  }
}

const unreadable =
  'A stored secret can not be read with the key of this process. Every api and worker needs the same FREEHOLD_SECRET_KEY.'
