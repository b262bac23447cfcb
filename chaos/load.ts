import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from '@freehold/contracts'
import { waitFor } from '@freehold/testkit'

/** Where a tenant's requests go, and as whom. */
export interface Door {
  url: string
  apiKey: string
}

export interface StartRequest {
  agent: string
  message: string
  idempotencyKey: string
  /** The person that the run is for. */
  user?: string
}

/** A request that must succeed, for what sets an experiment up. */
export async function send(door: Door, method: string, path: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${door.apiKey}`, 'content-type': 'application/json' }
  const response = await fetch(`${door.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`)
}

/** One request for a run. Undefined when nobody acknowledged it, whatever came of it. */
export async function requestRun(door: Door, request: StartRequest): Promise<string | undefined> {
  const response = await fetch(`${door.url}/api/v1/agents/${request.agent}/runs`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${door.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': request.idempotencyKey,
    },
    body: JSON.stringify({ message: request.message, user: request.user }),
  }).catch(() => undefined)
  if (response?.status === 202) {
    // The connection can still break inside of the answer.
    const run = (await response.json().catch(() => undefined)) as { id: string } | undefined
    return run?.id
  }
  const text = await response?.text().catch(() => '')
  const retryable = !response || response.status >= 500 || response.status === 429 || response.status === 409
  if (!retryable) throw new Error(`The platform refused a run: ${response.status} ${text}`)
  return undefined
}

/** Asks with the same key until it is acknowledged. */
export async function startRun(door: Door, request: StartRequest): Promise<string> {
  return waitFor(() => requestRun(door, request), { timeoutMs: 120_000, pollMs: 200, what: 'a run to be accepted' })
}

/** Calls `work` for each number below `count`, at most `width` at a time. */
export async function forEach(count: number, width: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) {
      next += 1
      await work(next - 1)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}

/** Calls `work` for each number below `count`, so many times a second, whether or not earlier calls have ended. */
export async function arrive(count: number, perSecond: number, work: (n: number) => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  const calls: Promise<void>[] = []
  const failure: { error?: unknown } = {}
  for (let n = 0; n < count && !('error' in failure); n += 1) {
    await delay(Math.max(0, startedAt + (n * 1_000) / perSecond - performance.now()))
    calls.push(
      work(n).catch((error: unknown) => {
        failure.error ??= error
      }),
    )
  }
  await Promise.all(calls)
  if ('error' in failure) throw failure.error
}

/** Whether a tenant has a run that has not ended, as it sees itself. */
async function isBusy(client: Client): Promise<boolean> {
  for (const status of ['queued', 'running', 'waiting'] as const) {
    const { items } = await client.listRuns({ query: { status, limit: 1 } })
    if (items.length > 0) return true
  }
  return false
}

/**
 * Waits until a tenant has no run left that has not ended. Gives up after the ceiling: what is left then is counted as
 * stuck by the audit, so this does not throw.
 */
export async function untilAllEnded(client: Client, ceilingMs: number, onPoll: () => void = () => {}): Promise<void> {
  const deadline = performance.now() + ceilingMs
  // A run can change its status between two of the questions, so once is no proof.
  for (let quiet = 0; quiet < 2 && performance.now() < deadline; ) {
    quiet = (await isBusy(client).catch(() => true)) ? 0 : quiet + 1
    onPoll()
    await delay(200)
  }
}

/** Calls `tell` at most every few seconds, for progress. */
export function occasionally(tell: () => void, everyMs = 5_000): () => void {
  let toldAt = performance.now()
  return () => {
    if (performance.now() - toldAt < everyMs) return
    toldAt = performance.now()
    tell()
  }
}

/** Milliseconds from queue to end of those of a tenant's newest runs that are among `ids`. */
export async function readLatencies(client: Client, ids: ReadonlySet<string>): Promise<number[]> {
  const latencies: number[] = []
  let cursor: string | undefined
  do {
    const page = await client.listRuns({ query: { limit: 100, ...(cursor !== undefined && { cursor }) } })
    for (const { id, createdAt, finishedAt } of page.items) {
      if (ids.has(id) && finishedAt !== null) latencies.push(Date.parse(finishedAt) - Date.parse(createdAt))
    }
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && latencies.length < ids.size)
  return latencies
}
