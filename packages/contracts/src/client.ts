import { errorStatus, FreeholdError } from './errors.ts'
import type { RunEvent, TextDelta } from './events.ts'
import type { Operation } from './operation.ts'
import type { OperationId, OperationInput, OperationResponse, Operations } from './operations.ts'
import type { Problem } from './problem.ts'
import { randomUuid } from './random-uuid.ts'
import { routes } from './routes.gen.ts'
import { pause, type Send, type WatchOptions, watchJournal } from './watch-journal.ts'

export interface ClientOptions {
  /** Where the gateway listens, such as `http://127.0.0.1:3000`. */
  url: string
  /** None where a session says who calls, as in a browser. */
  apiKey?: string
  /** Sent with every request, such as `x-tenant-id`. */
  headers?: Record<string, string>
  fetch?: typeof fetch
}

/** Before a creating request is sent again; longer when the server says so. */
const retryDelayMs = 200

type Given<T> = { [K in keyof T as T[K] extends undefined ? never : K]: T[K] }
type Nothing = Record<never, never>
type OptionalWhenEmpty<T> = { [K in keyof T as Nothing extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as Nothing extends T[K] ? K : never]?: T[K]
}
type ClientInput<Id extends OperationId> = OptionalWhenEmpty<Given<OperationInput<Id>>> & {
  signal?: AbortSignal
} & (Operations[Id] extends { idempotency: string } ? Idempotent : unknown) &
  (Operations[Id] extends { upload: object } ? { upload: Blob } : unknown)

interface Idempotent {
  /** A random one when absent. Keep it to repeat the request later, even from another process: it creates once. */
  idempotencyKey?: string
}
type Call<Id extends OperationId> =
  Nothing extends ClientInput<Id>
    ? (input?: ClientInput<Id>) => Promise<OperationResponse<Id>>
    : (input: ClientInput<Id>) => Promise<OperationResponse<Id>>

/** One method per REST operation, and `watchRun` for a live journal. */
export type Client = { [Id in OperationId]: Call<Id> } & {
  /**
   * Every journal event after `after`, in order, and the live text between them, until the run ends.
   * Comes back by cursor when the connection breaks, so nothing is missed or repeated.
   */
  watchRun(runId: string, options?: WatchOptions): AsyncGenerator<RunEvent | TextDelta>
}

/**
 * The typed client of the REST interface. Throws `FreeholdError` for every problem document. A request that creates is
 * sent a second time, with the same idempotency key, when its answer got lost or the server was not available.
 */
export function createClient(options: ClientOptions): Client {
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const credential = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` }
    const headers = { ...credential, ...options.headers, ...init.headers }
    const call = options.fetch ?? fetch
    const response = await call(`${options.url.replace(/\/$/, '')}${path}`, { ...init, headers })
    if (!response.ok) throw await readProblem(response)
    return response
  }
  const calls = Object.fromEntries(
    Object.entries<Route>(routes).map(([id, route]) => [id, (input = {}) => callOperation(send, route, input)]),
  )
  const watchRun = (runId: string, watch: WatchOptions = {}) => watchJournal(send, runId, watch)
  // Built from the routes of all operations, so every operation has its method; the types come from the same table.
  return { ...calls, watchRun } as Client
}

/** What of an operation a client needs to call it: `routes.gen.ts` has no schemas, which a page would have to load. */
export type Route = Pick<Operation, 'method' | 'path'> & {
  [K in 'idempotency' | 'upload' | 'download']?: NonNullable<Operation[K]>
}

interface UntypedInput {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  upload?: Blob
  signal?: AbortSignal
  idempotencyKey?: string
}

async function callOperation(send: Send, operation: Route, input: UntypedInput): Promise<unknown> {
  if (!operation.idempotency) return callOnce(send, operation, input)
  const keyed = { ...input, idempotencyKey: input.idempotencyKey ?? randomUuid() }
  try {
    return await callOnce(send, operation, keyed)
  } catch (error) {
    input.signal?.throwIfAborted()
    if (error instanceof FreeholdError && error.code !== 'unavailable') throw error
    const delayMs = error instanceof FreeholdError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
    await pause(Math.max(delayMs, retryDelayMs), input.signal)
    return callOnce(send, operation, keyed)
  }
}

async function callOnce(send: Send, operation: Route, input: UntypedInput): Promise<unknown> {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(input.params?.[name])))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, String(value))
  }
  const search = query.size > 0 ? `?${query}` : ''
  const response = await send(`/api/v1${path}${search}`, {
    method: operation.method.toUpperCase(),
    headers: {
      ...(input.body !== undefined && { 'content-type': 'application/json' }),
      ...(operation.upload && { 'content-type': operation.upload.mediaType }),
      ...(input.idempotencyKey !== undefined && { 'idempotency-key': input.idempotencyKey }),
    },
    ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    ...(input.upload && { body: input.upload }),
    ...(input.signal && { signal: input.signal }),
  })
  return operation.download ? response.body : response.json()
}

/** What an answer that is not ok says is wrong. */
export async function readProblem(response: Response): Promise<FreeholdError> {
  const problem: unknown = await response.json().catch(() => undefined)
  if (!isProblem(problem)) {
    return new FreeholdError('unavailable', `The server answered ${response.status} without a problem document.`)
  }
  const retryAfter = Number(response.headers.get('retry-after'))
  return new FreeholdError(problem.code, problem.detail, {
    retryable: problem.retryable,
    requestId: problem.requestId,
    ...(problem.fields && { fields: problem.fields }),
    ...(retryAfter > 0 && { retryAfterSeconds: retryAfter }),
  })
}

/** By what tells it from the answer of something else in between; the rest comes with it. */
function isProblem(body: unknown): body is Problem {
  if (typeof body !== 'object' || body === null || !('code' in body) || !('detail' in body)) return false
  return typeof body.code === 'string' && body.code in errorStatus && typeof body.detail === 'string'
}
