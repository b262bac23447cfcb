import { FreeholdError } from '@freehold/contracts'
import { z } from 'zod'

export interface OpenBaoConfig {
  /** Such as `https://bao.internal:8200`. */
  url: string
  /** Of the engine. */
  mount: string
  /** Asked for before each request, so that a token may be renewed outside. */
  readToken: () => Promise<string>
  timeoutMs?: number
}

/** One of its secrets engines, in the words of an error. */
interface Engine {
  /** Such as "KV engine of version 2". */
  name: string
  /** What the token must be allowed. */
  rights: string
}

interface OpenBaoAnswer {
  /** 2xx, 400 or 404. */
  status: number
  /** Of a 2xx that has one. */
  body: unknown
}

/** What comes with a 404 when it is not just that nothing is there. */
const misledSchema = z
  .object({ errors: z.array(z.string()).min(1) })
  .or(z.object({ warnings: z.array(z.string()).min(1) }))

/** Speaks to an engine of OpenBao or HashiCorp Vault. Errors quote nothing of what was sent or answered. */
export function createOpenBaoClient(config: OpenBaoConfig, engine: Engine) {
  const unexpected = () => unavailable(`gave an answer that no ${engine.name} gives. Check its address and its mount.`)

  /** The parser's own words quote the text, which holds a value. */
  function parse(text: string): unknown {
    try {
      return JSON.parse(text)
    } catch {
      throw unexpected()
    }
  }

  /** Throws `unavailable` for any other answer, also for a 404 that says why: then the path leads to no engine. */
  async function send(method: string, path: string, body?: object): Promise<OpenBaoAnswer> {
    const { status, ok, text } = await exchange(config, method, path, body)
    if (ok) return { status, body: text === '' ? undefined : parse(text) }
    if (status === 404 && misledSchema.safeParse(parse(text)).success) throw unexpected()
    if (status === 400 || status === 404) return { status, body: undefined }
    if (status === 403) throw unavailable(`refused the token (403). It needs ${engine.rights} on ${config.mount}/*.`)
    if (status === 503) throw unavailable('is sealed, or not ready (503). Unseal it.')
    throw answered(status)
  }

  function read<T>(schema: z.ZodType<T>, { body }: OpenBaoAnswer): T {
    const parsed = schema.safeParse(body)
    if (parsed.success) return parsed.data
    throw unexpected()
  }

  /** What `schema` reads; where there is nothing it gets undefined. */
  async function ask<T>(schema: z.ZodType<T>, method: string, path: string, body?: object): Promise<T> {
    const answer = await send(method, path, body)
    if (answer.status === 400) throw answered(400)
    return read(schema, answer)
  }

  return { send, ask, read }
}

async function exchange(config: OpenBaoConfig, method: string, path: string, body?: object) {
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
  return { status: response.status, ok: response.ok, text }
}

function answered(status: number): FreeholdError {
  return unavailable(`answered ${status}. Its own log says why.`)
}

function unavailable(what: string, cause?: unknown): FreeholdError {
  return new FreeholdError('unavailable', `The vault (OpenBao) ${what}`, { cause, retryAfterSeconds: 2 })
}
