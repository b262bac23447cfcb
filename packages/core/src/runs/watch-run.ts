import {
  isTerminalEvent,
  isTerminalStatus,
  type Run,
  type RunEvent,
  type RunStatus,
  type TextDelta,
} from '@freehold/contracts'
import type { BusMessage } from '../bus/bus.ts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { findRun, runNotFound } from './get-run.ts'
import { readJournal } from './journal.ts'

const pageSize = 500
/** How long a viewer can be behind when every hint got lost. */
const pollMs = 2_000
const maxQueuedDeltas = 1_000

export interface WatchOptions {
  /** Number of the last event that the viewer has. */
  after: number
  signal: AbortSignal
}

/**
 * Every journal event after a number, in order and once, and live text between them, until the run has ended. Ends
 * quietly when the signal aborts. What forbids it is thrown before there is a sequence. The journal is read again on
 * every hint, so a hint carries no truth.
 */
export async function watchRun(
  caller: Caller,
  runId: string,
  options: WatchOptions,
): Promise<AsyncGenerator<RunEvent | TextDelta>> {
  authorize(caller, 'runs:read')
  if (!(await readHead(caller, runId))) throw runNotFound()
  return followRun(caller, runId, options)
}

/** Waits until a run that the caller just started has ended or the time is up, and reads it. */
export async function waitForRun(caller: Caller, runId: string, waitMs: number, signal: AbortSignal): Promise<Run> {
  authorize(caller, 'runs:start')
  if (waitMs > 0) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
    for await (const _ of followRun(caller, runId, { after: 0, signal: limit }));
  }
  return findRun(caller, runId)
}

async function* followRun(
  caller: TenantCaller,
  runId: string,
  options: WatchOptions,
): AsyncGenerator<RunEvent | TextDelta> {
  const inbox = new Inbox(caller, runId, options.signal)
  let cursor = options.after
  try {
    while (!options.signal.aborted) {
      // What was said of a step before the journal grew comes before what it grew by; a step that begins comes after it.
      yield* inbox.goOnWithText()
      inbox.startListening()
      const events = await readJournal(caller.platform.database, { tenantId: caller.tenantId, runId }, cursor, pageSize)
      for (const event of events) {
        if (event.type === 'model.finished') inbox.finishText(event.data.step)
        yield event
        cursor = event.seq
      }
      if (events.length === pageSize) continue
      const last = events.at(-1)
      if ((!last || isTerminalEvent(last)) && (await hasEnded(caller, runId, cursor))) return
      yield* textUntilGrowth(inbox, options.signal)
    }
  } finally {
    inbox.close()
  }
}

/** Live text until the journal has grown, or might have without a hint. */
async function* textUntilGrowth(inbox: Inbox, signal: AbortSignal): AsyncGenerator<TextDelta> {
  while (!signal.aborted && !inbox.journalGrew()) {
    yield* inbox.takeText()
    if ((await inbox.next(pollMs)) === 'timeout') return
  }
}

/** A terminal event ends the watch only while the run is still ended: a redriven run goes on. */
async function hasEnded(caller: TenantCaller, runId: string, cursor: number): Promise<boolean> {
  const head = await readHead(caller, runId)
  return head !== undefined && isTerminalStatus(head.status) && head.lastSeq <= cursor
}

/** How far a run is, read in one statement so that status and number belong together. */
async function readHead(
  caller: TenantCaller,
  runId: string,
): Promise<{ status: RunStatus; lastSeq: number } | undefined> {
  const row = await caller.platform.database.withTenant(caller.tenantId, (tx) =>
    tx
      .selectFrom('agent_runs')
      .innerJoin('run_heads', 'run_heads.run_id', 'agent_runs.id')
      .select(['agent_runs.status', 'run_heads.last_seq'])
      .where('agent_runs.id', '=', runId)
      .executeTakeFirst(),
  )
  // `status` has a check constraint.
  return row && { status: row.status as RunStatus, lastSeq: row.last_seq }
}

/** What the bus told since it was last looked at. */
class Inbox {
  private grew = false
  private deltas: TextDelta[] = []
  private joined = false
  /** How much of each step's text the viewer has. */
  private readonly shown = new Map<string, number>()
  /** Steps whose whole text the viewer has from the journal. */
  private readonly finished = new Set<string>()
  private wake: (() => void) | undefined
  private readonly caller: TenantCaller
  private readonly runId: string
  private readonly stop: () => void
  private readonly onAbort = () => this.wake?.()
  private readonly signal: AbortSignal

  constructor(caller: TenantCaller, runId: string, signal: AbortSignal) {
    this.caller = caller
    this.runId = runId
    this.signal = signal
    this.stop = caller.platform.bus.onRun(runId, (message) => this.receive(message))
    signal.addEventListener('abort', this.onAbort)
  }

  /** Call before the journal is read, so that what grows meanwhile is not missed. */
  startListening(): void {
    this.grew = false
  }

  private receive(message: BusMessage): void {
    if (message.kind === 'run') this.grew = true
    if (message.kind === 'text') this.deltas.push(message.delta)
    if (this.deltas.length > maxQueuedDeltas) this.rejoin()
    this.wake?.()
  }

  /** A viewer that fell behind gets the text so far in one piece instead. */
  private rejoin(): void {
    this.deltas = []
    this.joined = false
  }

  journalGrew(): boolean {
    return this.grew
  }

  /** The journal has the whole text of a step: what is still under way of it comes too late. */
  finishText(step: string): void {
    this.finished.add(step)
  }

  /** Live text of the steps that the viewer has seen some of. */
  *goOnWithText(): Generator<TextDelta> {
    const deltas = this.deltas
    this.deltas = deltas.filter(({ step }) => !this.shown.has(step))
    yield* this.show(deltas.filter(({ step }) => this.shown.has(step)))
  }

  /** Live text of all steps. Only for a viewer that has the journal up to its head. */
  *takeText(): Generator<TextDelta> {
    const deltas = this.joined ? this.deltas : this.caller.platform.bus.partialTexts(this.runId)
    this.joined = true
    this.deltas = []
    yield* this.show(deltas)
  }

  /** Without a gap: a delta is shown if it begins the text of its step or goes on where the last one ended. */
  private *show(deltas: readonly TextDelta[]): Generator<TextDelta> {
    for (const delta of deltas) {
      const follows = delta.offset === 0 || this.shown.get(delta.step) === delta.offset
      if (!follows || this.finished.has(delta.step)) continue
      this.shown.set(delta.step, delta.offset + delta.delta.length)
      yield delta
    }
  }

  next(timeoutMs: number): Promise<'hint' | 'timeout'> {
    if (this.grew || this.deltas.length > 0 || this.signal.aborted) return Promise.resolve('hint')
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle('timeout'), timeoutMs)
      const settle = (result: 'hint' | 'timeout') => {
        clearTimeout(timer)
        this.wake = undefined
        resolve(result)
      }
      this.wake = () => settle('hint')
    })
  }

  close(): void {
    this.stop()
    this.signal.removeEventListener('abort', this.onAbort)
  }
}
