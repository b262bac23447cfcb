import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** One request that reached the ledger, whether or not it was answered. */
export interface Arrival {
  method: string
  path: string
  idempotencyKey: string | undefined
  body: string
}

/** How a path answers from now on. The effect itself happens on arrival, unless the path fails. */
export type LedgerBehaviour =
  | { kind: 'answer' }
  | { kind: 'delay'; delayMs: number }
  /** No answer until `release`. */
  | { kind: 'hang' }
  /** An answer with this status, and no effect. */
  | { kind: 'fail'; status: number }
  /** The effect happens, but the caller is told that it failed: by a status, or by a cut connection. */
  | { kind: 'lie'; as: number | 'cut' }

export interface EffectLedger extends AsyncDisposable {
  readonly url: string
  /** `127.0.0.1:<port>`, for FREEHOLD_EGRESS_ALLOW. */
  readonly host: string
  /** Every request, repeated ones too. */
  arrivals(path?: string): readonly Arrival[]
  /** What happened: requests with the same Idempotency-Key count once, as a payment service counts them. */
  effects(path?: string): readonly Arrival[]
  behave(path: string, behaviour: LedgerBehaviour): void
  /** Asked for every arrival on a path that has no behaviour of its own. */
  behaveBy(choose: (arrival: Arrival) => LedgerBehaviour): void
  /** Answers what hangs on a path, and what comes there from now on. */
  release(path: string): void
  /** Resolves when the nth request (from 1) on a path has arrived. */
  nthArrival(path: string, n: number): Promise<Arrival>
}

interface Waiter {
  path: string
  n: number
  resolve: (arrival: Arrival) => void
}

class Ledger {
  readonly arrivals: Arrival[] = []
  readonly effects: Arrival[] = []
  readonly behaviours = new Map<string, LedgerBehaviour>()
  choose: (arrival: Arrival) => LedgerBehaviour = () => ({ kind: 'answer' })
  private readonly effectByKey = new Map<string, number>()
  private readonly hanging = new Map<string, (() => void)[]>()
  private waiters: Waiter[] = []

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrival: Arrival = {
      method: request.method ?? '',
      path: request.url ?? '',
      idempotencyKey: request.headers['idempotency-key']?.toString(),
      body: await text(request),
    }
    const behaviour = this.behaviours.get(arrival.path) ?? this.choose(arrival)
    this.arrivals.push(arrival)
    const number = behaviour.kind === 'fail' ? 0 : this.enter(arrival)
    const answer = () => {
      if (behaviour.kind === 'lie' && behaviour.as === 'cut') return void response.destroy()
      response.writeHead(statusOf(behaviour), { 'content-type': 'application/json' })
      response.end(JSON.stringify({ effect: number, path: arrival.path }))
    }
    if (behaviour.kind === 'hang') this.hanging.set(arrival.path, [...(this.hanging.get(arrival.path) ?? []), answer])
    else if (behaviour.kind === 'delay') setTimeout(answer, behaviour.delayMs)
    else answer()
    this.tellWaiters()
  }

  /** The number of the effect; of the first one when the key is known. */
  private enter(arrival: Arrival): number {
    const { idempotencyKey } = arrival
    const known = idempotencyKey && this.effectByKey.get(idempotencyKey)
    if (known) return known
    const number = this.effects.push(arrival)
    if (idempotencyKey) this.effectByKey.set(idempotencyKey, number)
    return number
  }

  release(path: string): void {
    this.behaviours.delete(path)
    for (const answer of this.hanging.get(path) ?? []) answer()
    this.hanging.delete(path)
  }

  nthArrival(path: string, n: number): Promise<Arrival> {
    return new Promise((resolve) => {
      this.waiters.push({ path, n, resolve })
      this.tellWaiters()
    })
  }

  private tellWaiters(): void {
    this.waiters = this.waiters.filter(({ path, n, resolve }) => {
      const arrival = onPath(this.arrivals, path)[n - 1]
      if (arrival) resolve(arrival)
      return !arrival
    })
  }
}

/**
 * A service on 127.0.0.1 whose effects must not happen twice. It counts effects by Idempotency-Key, as a payment
 * service does, and raw arrivals too, so that a test sees both.
 */
export async function startEffectLedger(): Promise<EffectLedger> {
  const ledger = new Ledger()
  const server = createServer((request, response) => {
    ledger.take(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}`,
    host,
    arrivals: (path) => onPath(ledger.arrivals, path),
    effects: (path) => onPath(ledger.effects, path),
    behaveBy(choose) {
      ledger.choose = choose
    },
    behave: (path, behaviour) => void ledger.behaviours.set(path, behaviour),
    release: (path) => ledger.release(path),
    nthArrival: (path, n) => ledger.nthArrival(path, n),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function statusOf(behaviour: LedgerBehaviour): number {
  if (behaviour.kind === 'fail') return behaviour.status
  return behaviour.kind === 'lie' && behaviour.as !== 'cut' ? behaviour.as : 200
}

function onPath(arrivals: readonly Arrival[], path: string | undefined): readonly Arrival[] {
  return path === undefined ? arrivals : arrivals.filter((arrival) => arrival.path === path)
}
