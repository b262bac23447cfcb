import { FreeholdError } from '@freehold/contracts'
import { decrypt, encrypt } from './aead.ts'

/** Encrypts what has to be readable again, such as a signing secret. `context` says whose it is, and opens nothing else. */
export interface SecretCipher {
  seal(text: string, context: string): Buffer
  /** Throws a `FreeholdError` when it was sealed with another key or for another context. */
  open(sealed: Buffer, context: string): string
  /** The same text under the current key; undefined when it is under that one already. */
  reseal(sealed: Buffer, context: string): Buffer | undefined
}

const format = 1

/** Sealed: the format, and what `encrypt` gives. `previous` still opens, for the time of a change of keys. */
export function createSecretCipher(key: Buffer, previous?: Buffer): SecretCipher {
  const seal = (text: string, context: string) => Buffer.concat([Buffer.from([format]), encrypt(key, context, text)])
  const openAny = (sealed: Buffer, context: string): { text: string; current: boolean } => {
    try {
      return { text: openWith(key, sealed, context), current: true }
    } catch (cause) {
      if (!previous) throw unreadable(cause)
      try {
        return { text: openWith(previous, sealed, context), current: false }
      } catch {
        throw unreadable(cause)
      }
    }
  }
  return {
    seal,
    open: (sealed, context) => openAny(sealed, context).text,
    reseal(sealed, context) {
      const { text, current } = openAny(sealed, context)
      return current ? undefined : seal(text, context)
    },
  }
}

function openWith(key: Buffer, sealed: Buffer, context: string): string {
  if (sealed[0] !== format) throw new Error(`the format ${sealed[0]} is not known`)
  return decrypt(key, context, sealed.subarray(1))
}

function unreadable(cause: unknown): FreeholdError {
  return new FreeholdError('internal', unreadableText, { cause, retryable: false })
}

const unreadableText =
  'A stored secret can not be read with the key of this process. Every api and worker needs the same FREEHOLD_SECRET_KEY, ' +
  'and the one before as FREEHOLD_SECRET_KEY_PREVIOUS until everything is rewrapped.'
