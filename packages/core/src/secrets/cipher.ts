import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { FreeholdError } from '@freehold/contracts'

/** Encrypts what has to be readable again, such as a signing secret. `context` says whose it is, and opens nothing else. */
export interface SecretCipher {
  seal(text: string, context: string): Buffer
  /** Throws a `FreeholdError` when it was sealed with another key or for another context. */
  open(sealed: Buffer, context: string): string
}

const format = 1
const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM. Sealed: format, nonce, tag, ciphertext. */
export function createSecretCipher(key: Buffer): SecretCipher {
  return {
    seal(text, context) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.from([format]), nonce, cipher.getAuthTag(), ciphertext])
    },
    open(sealed, context) {
      const nonceEnd = 1 + nonceBytes
      const tagEnd = nonceEnd + tagBytes
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, nonceEnd), { authTagLength: tagBytes })
          .setAAD(Buffer.from(context))
          .setAuthTag(sealed.subarray(nonceEnd, tagEnd))
        return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new FreeholdError('internal', unreadable, { cause, retryable: false })
      }
    },
  }
}

const unreadable =
  'A stored secret can not be read with the key of this process. Every api and worker needs the same FREEHOLD_SECRET_KEY.'
