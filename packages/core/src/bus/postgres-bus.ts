import type { Database } from '../db/database.ts'
import { RemoteBus, type WireMessage } from './remote-bus.ts'

const channel = 'freehold_bus'
// NOTIFY takes payloads below 8,000 bytes, seal included.
const maxPayloadBytes = 7_500

/** The bus between processes that share a PostgreSQL server: NOTIFY, in statements of its own. */
export class PostgresBus extends RemoteBus {
  private readonly database: Database
  private reopening: NodeJS.Timeout | undefined
  private stopListening: (() => void) | undefined

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

  protected override async send(messages: readonly WireMessage[]): Promise<void> {
    const payloads = this.pack(messages)
    await this.database.call('bus-notify', 'select pg_notify($1, payload) from unnest($2::text[]) payload', [
      channel,
      payloads,
    ])
  }

  private pack(messages: readonly WireMessage[]): string[] {
    const payloads: string[] = []
    let batch: WireMessage[] = []
    let batchBytes = 0
    for (const message of messages) {
      const bytes = Buffer.byteLength(JSON.stringify(message)) + 1
      if (batch.length > 0 && batchBytes + bytes > maxPayloadBytes) {
        payloads.push(this.seal(batch))
        batch = []
        batchBytes = 0
      }
      batch.push(message)
      batchBytes += bytes
    }
    return [...payloads, this.seal(batch)]
  }

  private reopen(): void {
    this.stopListening = undefined
    if (this.closed) return
    this.reopening = setTimeout(() => {
      this.open().then(
        () => this.catchUp(),
        () => this.reopen(),
      )
    }, 1_000).unref()
  }

  override async close(): Promise<void> {
    clearTimeout(this.reopening)
    await super.close()
    this.stopListening?.()
  }
}
