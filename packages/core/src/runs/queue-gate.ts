import { afterEnd, type Database, isInTransaction } from '../db/database.ts'

/** How long a count serves; to refuse a run on, it must be fresher. */
const servesMs = 1_000
const refusesMs = 200
/** Tenants whose queues are remembered. */
const capacity = 10_000

interface Count {
  atMs: number
  maxQueuedRuns: number
  /** Runs in the queue when it was counted, less those that had been let in by then. */
  base: number
}

interface Queue {
  count: Count | undefined
  counting: Promise<Count> | undefined
  /** Runs that were ever let in here. */
  admitted: number
  /** Those among them that may not be in the database yet. */
  underWay: number
}

/**
 * Keeps the queue of each tenant within its plan. To count a queue costs more than to start a run, so a process counts it
 * once a second at the most and adds what it lets in. With one api process the cap is exact; with several, the queue can
 * grow past it by what the others let in within that second.
 */
export class QueueGate {
  private readonly database: Database
  private readonly queues = new Map<string, Queue>()

  constructor(database: Database) {
    this.database = database
  }

  /** Starts a run when the tenant's queue has room for it. */
  async admit<T>(
    tenantId: string,
    start: () => Promise<T>,
  ): Promise<{ admitted: true; started: T } | { admitted: false; maxQueuedRuns: number }> {
    const queue = this.queueOf(tenantId)
    let count = await this.count(tenantId, queue, servesMs)
    if (isFull(queue, count)) count = await this.count(tenantId, queue, refusesMs)
    if (isFull(queue, count)) return { admitted: false, maxQueuedRuns: count.maxQueuedRuns }
    queue.admitted += 1
    queue.underWay += 1
    try {
      return { admitted: true, started: await start() }
    } finally {
      // Nobody else sees the run before the transaction around this has committed.
      afterEnd(() => {
        queue.underWay -= 1
      })
    }
  }

  private queueOf(tenantId: string): Queue {
    const queue = this.queues.get(tenantId) ?? { count: undefined, counting: undefined, admitted: 0, underWay: 0 }
    // A Map keeps the order of insertion, so the first one is the one that was not used for longest.
    this.queues.delete(tenantId)
    this.queues.set(tenantId, queue)
    const [oldest] = this.queues
    if (this.queues.size > capacity && oldest?.[1].underWay === 0) this.queues.delete(oldest[0])
    return queue
  }

  private async count(tenantId: string, queue: Queue, maxAgeMs: number): Promise<Count> {
    if (queue.count && performance.now() - queue.count.atMs < maxAgeMs) return queue.count
    // To wait for another caller's count could be to wait for the connection that this transaction holds.
    if (isInTransaction()) return this.countAnew(tenantId, queue)
    queue.counting ??= this.countAnew(tenantId, queue).finally(() => {
      queue.counting = undefined
    })
    return queue.counting
  }

  private async countAnew(tenantId: string, queue: Queue): Promise<Count> {
    const atMs = performance.now()
    const { admitted, underWay } = queue
    const [row] = await this.database.call<{ max_queued_runs: number; queued: number }>(
      'measure-queue',
      'select * from door_measure_queue($1)',
      [tenantId],
    )
    // Without a row there is no such tenant, which whoever starts the run finds out.
    const { max_queued_runs: maxQueuedRuns, queued } = row ?? { max_queued_runs: 1, queued: 0 }
    queue.count = { atMs, maxQueuedRuns, base: queued + underWay - admitted }
    return queue.count
  }
}

function isFull({ admitted }: Queue, { base, maxQueuedRuns }: Count): boolean {
  return base + admitted >= maxQueuedRuns
}
