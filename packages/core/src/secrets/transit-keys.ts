import { FreeholdError } from '@freehold/contracts'
import { z } from 'zod'
import { createOpenBaoClient, type OpenBaoConfig } from './openbao-client.ts'

export interface TransitConfig extends OpenBaoConfig {
  /** What the names of keys begin with. */
  keyPrefix: string
}

/** What Transit made of a text, such as `vault:v2:…`, and the version of the key that it is under. */
export interface Ciphertext {
  text: string
  keyVersion: number
}

const keySchema = z.object({
  data: z.object({
    type: z.string(),
    derived: z.boolean(),
    latest_version: z.int(),
    min_available_version: z.int(),
  }),
})
const encryptedSchema = z.object({ data: z.object({ ciphertext: z.string(), key_version: z.int() }) })
const decryptedSchema = z.object({ data: z.object({ plaintext: z.base64() }) })
const rewrappedSchema = z.object({
  data: z.object({
    batch_results: z.array(
      z.object({ ciphertext: z.string(), key_version: z.int() }).or(z.object({ error: z.string() })),
    ),
  }),
})

export type TransitKeys = ReturnType<typeof createTransitKeys>

/**
 * The keys of tenants in OpenBao's Transit engine, `<prefix>-<tenant>`, which never leave it. A text is under a key that is
 * derived from one of them and a context, so that it opens nowhere else. `associated_data` would bind it, too, but `rewrap`
 * doesn't know that.
 */
export function createTransitKeys(config: TransitConfig) {
  const bao = createOpenBaoClient(config, { name: 'Transit engine', rights: 'the rights in docs/secrets.md' })
  const nameOf = (tenantId: string) => `${config.keyPrefix}-${tenantId}`
  const pathOf = (tenantId: string) => `keys/${nameOf(tenantId)}`

  async function find(tenantId: string): Promise<{ newest: number; hasOlder: boolean } | undefined> {
    const key = await bao.ask(keySchema.optional(), 'GET', pathOf(tenantId))
    if (!key) return undefined
    const { latest_version: newest, min_available_version: oldest } = key.data
    return { newest, hasOlder: newest > Math.max(oldest, 1) }
  }

  return {
    find,

    /** Makes the key unless it is there. One that somebody else made could ignore the context, and is refused. */
    async ensure(tenantId: string): Promise<void> {
      const { data } = await bao.ask(keySchema, 'POST', pathOf(tenantId), { type: 'aes256-gcm96', derived: true })
      if (data.derived && data.type === 'aes256-gcm96') return
      const message = `The key "${nameOf(tenantId)}" in OpenBao is not of the kind that Freehold makes. Delete it there.`
      throw new FreeholdError('internal', message, { retryable: false })
    },

    async encrypt(tenantId: string, context: string, text: string): Promise<Ciphertext> {
      const body = { plaintext: toBase64(text), context: toBase64(context) }
      const { data } = await bao.ask(encryptedSchema, 'POST', `encrypt/${nameOf(tenantId)}`, body)
      return { text: data.ciphertext, keyVersion: data.key_version }
    },

    /** Undefined when it is not of this key and context, or under a version that is gone. */
    async decrypt(tenantId: string, context: string, ciphertext: string): Promise<string | undefined> {
      const body = { ciphertext, context: toBase64(context) }
      const answer = await bao.send('POST', `decrypt/${nameOf(tenantId)}`, body)
      if (answer.status === 400) return undefined
      return Buffer.from(bao.read(decryptedSchema, answer).data.plaintext, 'base64').toString('utf8')
    },

    /** Puts texts under the newest version, within OpenBao; undefined in the place of one that it can't read. */
    async rewrap(
      tenantId: string,
      texts: readonly { context: string; ciphertext: string }[],
    ): Promise<(Ciphertext | undefined)[]> {
      const items = texts.map(({ context, ciphertext }) => ({ ciphertext, context: toBase64(context) }))
      const path = `rewrap/${nameOf(tenantId)}`
      const { data } = await bao.ask(rewrappedSchema, 'POST', path, { batch_input: items })
      return data.batch_results.map((result) =>
        'error' in result ? undefined : { text: result.ciphertext, keyVersion: result.key_version },
      )
    },

    /** Resolves with the new version. */
    async rotate(tenantId: string): Promise<number> {
      return (await bao.ask(keySchema, 'POST', `${pathOf(tenantId)}/rotate`)).data.latest_version
    },

    /** Destroys the versions before `version`, for good. */
    async trim(tenantId: string, version: number): Promise<void> {
      const oldest = { min_decryption_version: version, min_encryption_version: version }
      await bao.ask(keySchema, 'POST', `${pathOf(tenantId)}/config`, oldest)
      await bao.ask(keySchema, 'POST', `${pathOf(tenantId)}/trim`, { min_available_version: version })
    },

    async delete(tenantId: string): Promise<void> {
      if (!(await find(tenantId))) return
      await bao.ask(keySchema, 'POST', `${pathOf(tenantId)}/config`, { deletion_allowed: true })
      await bao.ask(z.unknown(), 'DELETE', pathOf(tenantId))
    },
  }
}

function toBase64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
