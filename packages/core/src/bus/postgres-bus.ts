import { randomUUID } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { type BusMessage, LocalBus } from './bus.ts'

const channel = 'freehold_bus'
const flushEveryMs = 25
// NOTIFY takes payloads below 8,000 bytes.
const maxPayloadBytes = 7_500

interface Envelope {
  from: string
  messages: BusMessage[]
}

/**
 * The bus between processes that share a PostgreSQL server: NOTIFY, in statements of its own so that no run's commit
 * waits for it, and at most one every 25 ms.
 */
export class PostgresBus extends LocalBus {
  private readonly self = randomUUID()
  private readonly database: Database
  private outbox: BusMessage[] = []
  private timer: NodeJS.Timeout | undefined
  private reopening: NodeJS.Timeout | undefined
  private stopListening: (() => void) | undefined
  private sending: Promise<void> = Promise.resolve()
  private closed = false

  constructor(database: Database) {
    super()
    this.database = database
  }

  async open(): Promise<void> {
    const stop = await this.database.listen(
      channel,
      (payload) => this.receive(payload),
      () => this.reopen(),
    )
    if (this.closed) stop()
    else this.stopListening = stop
  }

  protected override send(message: BusMessage): void {
    this.deliver(message)
    if (this.closed) return
    this.outbox.push(message)
    this.timer ??= setTimeout(() => this.flush(), flushEveryMs)
  }

  private receive(payload: string): void {
    const envelope = JSON.parse(payload) as Envelope
    if (envelope.from === this.self) return
    for (const message of envelope.messages) this.deliver(message)
  }

  private flush(): void {
    this.timer = undefined
    const payloads = pack(coalesce(this.outbox), this.self)
    this.outbox = []
    this.sending = this.sending.then(async () => {
      await this.database
        .call('bus-notify', 'select pg_notify($1, payload) from unnest($2::text[]) payload', [channel, payloads])
        .catch(() => {}) // hints only: the pollers find what this would have told
    })
  }

  private reopen(): void {
    this.stopListening = undefined
    if (this.closed) return
    this.reopening = setTimeout(() => this.open().catch(() => this.reopen()), 1_000).unref()
  }

  override async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    clearTimeout(this.reopening)
    if (this.outbox.length > 0) this.flush()
    await this.sending
    this.stopListening?.()
    await super.close()
  }
}

/** Joins text that follows on, and drops hints that are already in the list. */
function coalesce(messages: BusMessage[]): BusMessage[] {
  const kept: BusMessage[] = []
  const seen = new Set<string>()
  for (const message of messages) {
    const last = kept.at(-1)
    if (
      message.kind === 'text' &&
      last?.kind === 'text' &&
      last.runId === message.runId &&
      last.delta.step === message.delta.step &&
      last.delta.offset + last.delta.delta.length === message.delta.offset
    ) {
      kept[kept.length - 1] = { ...last, delta: { ...last.delta, delta: last.delta.delta + message.delta.delta } }
      continue
    }
    const key = message.kind === 'text' ? undefined : JSON.stringify(message)
    if (key && seen.has(key)) continue
    if (key) seen.add(key)
    kept.push(message)
  }
  return kept
}

function pack(messages: BusMessage[], from: string): string[] {
  const payloads: string[] = []
  let batch: BusMessage[] = []
  const close = () => {
    if (batch.length > 0) payloads.push(JSON.stringify({ from, messages: batch } satisfies Envelope))
    batch = []
  }
  for (const message of messages) {
    const bytes = Buffer.byteLength(JSON.stringify({ from, messages: [...batch, message] }))
    if (bytes > maxPayloadBytes) close()
    // A single delta this large is left out: the viewer reads the whole text from the journal when the step ends.
    if (Buffer.byteLength(JSON.stringify(message)) <= maxPayloadBytes - 100) batch.push(message)
  }
  close()
  return payloads
}
