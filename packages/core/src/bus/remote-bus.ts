import { randomUUID } from 'node:crypto'
import type { TextDelta } from '@freehold/contracts'
import { type BusMessage, LocalBus } from './bus.ts'

const flushEveryMs = 25
/** Beyond it hints are dropped: the polls find what they would have told, and viewers ask for text that they miss. */
const maxOutbox = 10_000
/** So that a message fits a `NOTIFY` payload, however its characters are escaped. */
const maxTextLength = 1_000

/** What processes tell each other. */
export type WireMessage =
  | BusMessage
  /** A process without the text so far of a run has a viewer of it. */
  | { kind: 'join'; runId: string }
  /** A piece of the text so far, for those who joined: no news for the others. */
  | { kind: 'copy'; runId: string; delta: TextDelta }

/**
 * The bus between processes. What a process publishes reaches its own listeners at once, and the others at most 25 ms
 * later: joined into few messages, outside of any commit, by one `send` at a time.
 *
 * Partial text. The process that publishes a run's text has it from the beginning. Another one may have begun to
 * listen later, or have missed something; it sends `join`, and the speaker answers with copies of its text so far. One
 * sender's messages keep their order, so a copy holds what came before it and is continued by what comes after it.
 */
export abstract class RemoteBus extends LocalBus {
  private readonly self = randomUUID()
  private outbox: WireMessage[] = []
  private timer: NodeJS.Timeout | undefined
  private sending: Promise<void> | undefined
  /** Runs whose text comes from this process. */
  private readonly spoken = new Set<string>()
  /** Runs whose text so far is in the outbox already. */
  private readonly answered = new Set<string>()
  private readonly watchers = new Map<string, number>()
  protected closed = false

  /** Sends messages to the other processes. May throw: they are hints only. */
  protected abstract send(messages: readonly WireMessage[]): Promise<void>

  /** A run has its first listener here. */
  protected hear(_runId: string): void {}

  /** A run has no listener here any more. */
  protected unhear(_runId: string): void {}

  protected override tell(message: BusMessage): void {
    this.deliver(message)
    if (message.kind === 'text') this.spoken.add(message.runId)
    if (message.kind === 'run' && this.texts.of(message.runId).length === 0) this.spoken.delete(message.runId)
    this.post(message)
  }

  override onRun(runId: string, listener: (message: BusMessage) => void): () => void {
    const stop = super.onRun(runId, listener)
    const before = this.watchers.get(runId) ?? 0
    this.watchers.set(runId, before + 1)
    if (before === 0) this.hear(runId)
    return () => {
      stop()
      const left = (this.watchers.get(runId) ?? 0) - 1
      if (left > 0) this.watchers.set(runId, left)
      else {
        this.watchers.delete(runId)
        this.unhear(runId)
      }
    }
  }

  override partialTexts(runId: string): TextDelta[] {
    const known = super.partialTexts(runId)
    if (known.length === 0) this.post({ kind: 'join', runId })
    return known
  }

  protected isSpoken(runId: string): boolean {
    return this.spoken.has(runId)
  }

  protected isWatched(runId: string): boolean {
    return this.watchers.has(runId)
  }

  protected watchedRuns(): string[] {
    return [...this.watchers.keys()]
  }

  /** To be called when this process may have missed something: everyone looks for themselves. */
  protected catchUp(): void {
    this.deliver({ kind: 'work' })
    for (const runId of this.watchers.keys()) {
      this.deliver({ kind: 'run', runId })
      if (!this.spoken.has(runId)) this.post({ kind: 'join', runId })
    }
  }

  protected seal(messages: readonly WireMessage[]): string {
    return JSON.stringify({ from: this.self, messages })
  }

  protected receive(payload: string): void {
    // Only this class seals.
    const { from, messages } = JSON.parse(payload) as { from: string; messages: WireMessage[] }
    if (from === this.self) return
    for (const message of messages) this.take(message)
  }

  private take(message: WireMessage): void {
    if (message.kind === 'join') this.answer(message.runId)
    else if (message.kind === 'copy') {
      const delta = this.texts.newIn(message.runId, message.delta)
      if (delta) this.deliver({ kind: 'text', runId: message.runId, delta })
    } else {
      if (message.kind === 'text') this.askForWhatIsMissing(message.runId, message.delta)
      this.deliver(message)
    }
  }

  private askForWhatIsMissing(runId: string, delta: TextDelta): void {
    if (this.watchers.has(runId) && !this.texts.follows(runId, delta)) this.post({ kind: 'join', runId })
  }

  private answer(runId: string): void {
    if (!this.spoken.has(runId) || this.answered.has(runId)) return
    this.answered.add(runId)
    for (const delta of this.texts.of(runId)) this.post({ kind: 'copy', runId, delta })
  }

  private post(message: WireMessage): void {
    if (this.closed || this.outbox.length >= maxOutbox) return
    this.outbox.push(...inPieces(message))
    this.flushSoon()
  }

  private flushSoon(): void {
    if (!this.sending) this.timer ??= setTimeout(() => void this.flush(), flushEveryMs)
  }

  private async flush(): Promise<void> {
    this.timer = undefined
    const messages = coalesce(this.outbox)
    this.outbox = []
    this.answered.clear()
    this.sending = this.send(messages).catch(() => {})
    await this.sending
    this.sending = undefined
    if (this.outbox.length > 0) this.flushSoon()
  }

  override async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    await this.sending
    clearTimeout(this.timer)
    if (this.outbox.length > 0) await this.flush()
    await super.close()
  }
}

function inPieces(message: WireMessage): WireMessage[] {
  if (message.kind !== 'text' && message.kind !== 'copy') return [message]
  const { delta } = message
  const pieces: WireMessage[] = []
  for (let at = 0; at < delta.delta.length; at += maxTextLength) {
    const piece = { ...delta, offset: delta.offset + at, delta: delta.delta.slice(at, at + maxTextLength) }
    pieces.push({ ...message, delta: piece })
  }
  return pieces
}

/** Joins text that follows on, and drops hints that are already in the list. */
function coalesce(messages: readonly WireMessage[]): WireMessage[] {
  const kept: WireMessage[] = []
  const seen = new Set<string>()
  for (const message of messages) {
    const joined = joinText(kept.at(-1), message)
    if (joined) {
      kept[kept.length - 1] = joined
      continue
    }
    const key = message.kind === 'text' || message.kind === 'copy' ? undefined : JSON.stringify(message)
    if (key && seen.has(key)) continue
    if (key) seen.add(key)
    kept.push(message)
  }
  return kept
}

function joinText(last: WireMessage | undefined, next: WireMessage): WireMessage | undefined {
  if (last?.kind !== 'text' || next.kind !== 'text' || last.runId !== next.runId) return undefined
  const [before, after] = [last.delta, next.delta]
  if (before.step !== after.step || before.offset + before.delta.length !== after.offset) return undefined
  if (before.delta.length + after.delta.length > maxTextLength) return undefined
  return { ...last, delta: { ...before, delta: before.delta + after.delta } }
}
