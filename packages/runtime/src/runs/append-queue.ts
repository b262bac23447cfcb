import { FreeholdError } from '@freehold/contracts'
import { appendEvents, appendShared, type Database, hasRows, type LeasedAppend, LeaseLostError } from '@freehold/core'

/** Statements of one tenant that are under way at once; what comes meanwhile shares the next one. */
const statementsPerTenant = 2
const appendsPerStatement = 64

type Appended = { cancelRequestedBy: string | null }

interface Waiting extends LeasedAppend {
  resolve: (appended: Appended) => void
  reject: (error: unknown) => void
}

interface Lane {
  waiting: Waiting[]
  underWay: number
}

/**
 * The appends of a worker's runs. An append goes out at once while its tenant has few statements under way; under load
 * those that gather meanwhile go out together, in one statement and one commit. So a commit is shared only when it
 * would have had to wait, and never between tenants.
 */
export class AppendQueue {
  private readonly database: Database
  private readonly shared: boolean
  private readonly lanes = new Map<string, Lane>()

  constructor(database: Database, shared: boolean) {
    this.database = database
    this.shared = shared
  }

  /** Resolves once the events are committed. Throws `LeaseLostError` when the fencing token is refused. */
  append(append: LeasedAppend): Promise<Appended> {
    // A model call is metered in its own statement, which is rare beside the time that the call took; so are approvals.
    if (hasRows(append.events) || !this.shared) return appendEvents(this.database, append.lease, append)
    return new Promise((resolve, reject) => {
      const { tenantId } = append.lease
      const lane = this.lanes.get(tenantId) ?? { waiting: [], underWay: 0 }
      this.lanes.set(tenantId, lane)
      lane.waiting.push({ ...append, resolve, reject })
      // Runs that got ready in the same turn of the event loop go together.
      if (lane.waiting.length === 1) queueMicrotask(() => this.pump(tenantId, lane))
    })
  }

  private pump(tenantId: string, lane: Lane): void {
    while (lane.underWay < statementsPerTenant && lane.waiting.length > 0) {
      const batch = lane.waiting.splice(0, appendsPerStatement)
      lane.underWay += 1
      void this.send(tenantId, batch).finally(() => {
        lane.underWay -= 1
        this.pump(tenantId, lane)
        if (lane.underWay === 0 && lane.waiting.length === 0) this.lanes.delete(tenantId)
      })
    }
  }

  private async send(tenantId: string, batch: Waiting[]): Promise<void> {
    const [first] = batch
    if (first && batch.length === 1) return this.sendAlone(first)
    try {
      const appended = await appendShared(this.database, tenantId, batch)
      for (const { lease, resolve, reject } of batch) {
        const result = appended.get(lease.runId)
        if (result) resolve(result)
        else reject(new LeaseLostError(lease.runId))
      }
    } catch (error) {
      const transient = error instanceof FreeholdError && error.code === 'unavailable'
      // One run's unstorable event must not end the others': each is tried by itself.
      if (transient) for (const { reject } of batch) reject(error)
      else await Promise.all(batch.map((append) => this.sendAlone(append)))
    }
  }

  private async sendAlone({ lease, after, events, resolve, reject }: Waiting): Promise<void> {
    await appendEvents(this.database, lease, { after, events }).then(resolve, reject)
  }
}
