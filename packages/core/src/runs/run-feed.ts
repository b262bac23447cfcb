import { isTerminalEvent, isTerminalStatus, type RunEvent, type RunStatus } from '@freehold/contracts'
import type { BusMessage } from '../bus/bus.ts'
import type { Database } from '../db/database.ts'
import type { Platform } from '../platform.ts'
import { readJournal } from './journal.ts'

const pageSize = 500
/** Events that are kept for viewers who are a little behind. */
const maxRecent = pageSize
/** How long viewers can be behind when every hint got lost. */
const pollMs = 2_000

export interface RunKey {
  tenantId: string
  runId: string
}

export interface FeedViewer {
  /** Called for every message about the run, and when its journal may have grown without one. */
  receive(message: BusMessage): void
}

export interface JournalPage {
  events: readonly RunEvent[]
  /** False when there can be more that this page doesn't have. */
  complete: boolean
  /** The run has ended, and this page holds the rest of its journal. */
  ended: boolean
}

/**
 * One reader of a run's journal for all viewers of the run in this process: a hint costs one statement, not one for each
 * of them. A viewer that is far behind reads pages of its own until it is back among the recent events.
 *
 * A hint says only that the journal may have grown, and so makes a new `version`. What was read since the last one is up to
 * date, and everybody shares it.
 */
class RunFeed {
  version = 0
  private readonly database: Database
  private readonly run: RunKey
  private readonly viewers = new Set<FeedViewer>()
  private readonly onEmpty: () => void
  private readonly unsubscribe: () => void
  private readonly poll: NodeJS.Timeout
  /** Number of the last event that was read. `recent` ends with it. */
  private head: number
  private readonly recent: RunEvent[] = []
  /** The last version whose events are all here. */
  private readVersion = -1
  private ended = false
  private reading: Promise<void> | undefined

  constructor({ database, bus }: Platform, run: RunKey, head: number, onEmpty: () => void) {
    this.database = database
    this.run = run
    this.head = head
    this.onEmpty = onEmpty
    this.unsubscribe = bus.onRun(run.runId, (message) => this.receive(message))
    this.poll = setInterval(() => this.receive({ kind: 'run', runId: run.runId }), pollMs)
  }

  enter(viewer: FeedViewer): void {
    this.viewers.add(viewer)
    // Whoever comes now must see what was committed before, whether a hint has told it here or not.
    this.version += 1
  }

  leave(viewer: FeedViewer): void {
    this.viewers.delete(viewer)
    if (this.viewers.size > 0) return
    this.unsubscribe()
    clearInterval(this.poll)
    this.onEmpty()
  }

  private receive(message: BusMessage): void {
    if (message.kind === 'run') this.version += 1
    for (const viewer of this.viewers) viewer.receive(message)
  }

  /** Events after a number. A complete page has all that were committed before the version at the time of the call. */
  async read(after: number): Promise<JournalPage> {
    const wanted = this.version
    while (after >= this.head && this.readVersion < wanted) {
      this.reading ??= this.readOn().finally(() => {
        this.reading = undefined
      })
      await this.reading
    }
    const beforeRecent = this.head - this.recent.length
    if (after < beforeRecent) {
      const events = await readJournal(this.database, this.run, after, pageSize)
      return { events, complete: false, ended: false }
    }
    const complete = this.readVersion >= wanted
    return { events: this.recent.slice(after - beforeRecent), complete, ended: complete && this.ended }
  }

  private async readOn(): Promise<void> {
    const { version } = this
    const events = await readJournal(this.database, this.run, this.head, pageSize)
    const last = events.at(-1)
    // A terminal event ends the run only while nobody has redriven it.
    const ended = !last || isTerminalEvent(last) ? await this.hasEnded(last?.seq ?? this.head) : false
    this.recent.push(...events)
    this.recent.splice(0, this.recent.length - maxRecent)
    this.head = last?.seq ?? this.head
    this.ended = ended
    if (events.length < pageSize) this.readVersion = version
  }

  private async hasEnded(seq: number): Promise<boolean> {
    const head = await readHead(this.database, this.run)
    return head !== undefined && isTerminalStatus(head.status) && head.lastSeq <= seq
  }
}

export type { RunFeed }

const feeds = new WeakMap<Platform, Map<string, RunFeed>>()

/** Joins the feed of a run, which begins after event `head` when there is none yet. To be left again. */
export function enterFeed(platform: Platform, run: RunKey, head: number, viewer: FeedViewer): RunFeed {
  const ofPlatform = feeds.get(platform) ?? new Map<string, RunFeed>()
  feeds.set(platform, ofPlatform)
  const key = `${run.tenantId}/${run.runId}`
  const feed = ofPlatform.get(key) ?? new RunFeed(platform, run, head, () => ofPlatform.delete(key))
  ofPlatform.set(key, feed)
  feed.enter(viewer)
  return feed
}

/** How far a run is, read in one statement so that status and number belong together. */
export async function readHead(
  database: Database,
  { tenantId, runId }: RunKey,
): Promise<{ status: RunStatus; lastSeq: number } | undefined> {
  const row = await database.withTenant(tenantId, (tx) =>
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
