import { FreeholdError } from '@freehold/contracts'
import { z } from 'zod'
import type { SecretRef, Vault } from './vault.ts'

export interface OpenBaoConfig {
  /** Such as `https://bao.internal:8200`. */
  url: string
  /** Of a KV engine, version 2. */
  mount: string
  /** Asked for before each request, so that a token may be renewed outside. */
  readToken: () => Promise<string>
  timeoutMs?: number
}

const written = z.object({ data: z.object({ version: z.int() }) })
const read = z.object({
  data: z.object({ data: z.object({ value: z.string() }), metadata: z.object({ version: z.int() }) }),
})

/** Values in the KV engine, version 2, of OpenBao or HashiCorp Vault, under `freehold/<tenant>/<secret>`. */
export function createOpenBaoVault(config: OpenBaoConfig): Vault {
  return {
    kind: 'openbao',
    async put(secret, value) {
      const answer = await send(config, 'POST', pathOf('data', secret), { data: { value } })
      return String(readAs(written, answer).data.version)
    },
    async get(secret) {
      const answer = await send(config, 'GET', pathOf('data', secret))
      if (answer === undefined) return undefined
      const { data } = readAs(read, answer)
      return { value: data.data.value, version: String(data.metadata.version) }
    },
    // The metadata go with all versions; deleting the data would leave them to be undeleted.
    async delete(secret) {
      await send(config, 'DELETE', pathOf('metadata', secret))
    },
  }
}

function pathOf(part: 'data' | 'metadata', { tenantId, secretId }: SecretRef): string {
  return `${part}/freehold/${tenantId}/${secretId}`
}

/** Undefined for 404. Errors quote nothing of what was sent or answered. */
async function send(config: OpenBaoConfig, method: string, path: string, body?: object): Promise<unknown> {
  const { url, mount, readToken, timeoutMs = 5_000 } = config
  let response: Response
  try {
    response = await fetch(`${url.replace(/\/$/, '')}/v1/${mount}/${path}`, {
      method,
      headers: { 'x-vault-token': await readToken(), ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
  } catch (cause) {
    throw unavailable('can not be reached right now. Try again in a moment.', cause)
  }
  const text = await response.text().catch((cause: unknown) => {
    throw unavailable('broke off its answer. Try again in a moment.', cause)
  })
  if (response.status === 404) return undefined
  if (response.ok) return text === '' ? undefined : parseJson(text)
  if (response.status === 403) {
    throw unavailable(`refused the token (403). It needs create, read, update and delete on ${mount}/*.`)
  }
  throw unavailable(`answered ${response.status}. Its own log says why.`)
}

/** The parser's own words quote the text, which holds a value. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unexpected()
  }
}

function readAs<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw unexpected()
}

function unexpected(): FreeholdError {
  return unavailable('gave an answer that no KV engine of version 2 gives. Check its address and its mount.')
}

function unavailable(what: string, cause?: unknown): FreeholdError {
  return new FreeholdError('unavailable', `The vault (OpenBao) ${what}`, { cause, retryAfterSeconds: 2 })
}
