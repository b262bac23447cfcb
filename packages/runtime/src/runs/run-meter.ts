import type { NewRunEvent } from '@freehold/contracts'
import { type ClaimedRun, type Database, type Refusal, type Reservation, reserveCall, settleCall } from '@freehold/core'
import { uuidv7 } from 'uuidv7'
import type { CallMeter, ModelReply, UsedCall, WorstCase } from '../models/index.ts'
import { type Engine, logFields } from './engine.ts'
import { persist } from './journal-writer.ts'

/** A budget stands against a model call. */
export class CallRefusedError extends Error {
  readonly reason: 'budget_exceeded' | 'price_unknown'
  readonly model: string
  readonly refusal: Refusal
  constructor(reason: CallRefusedError['reason'], model: string, refusal: Refusal) {
    super(`The budget "${refusal.name}" refused a call of ${model}`)
    this.name = 'CallRefusedError'
    this.reason = reason
    this.model = model
    this.refusal = refusal
  }
}

/** What the meter needs of the execution's steps. */
interface Execution {
  query<T>(work: (database: Database) => Promise<T>): Promise<T>
  append(event: NewRunEvent): void
}

interface OpenCall {
  step: string
  model: string
  /** Resolves when nothing is under way any more. */
  over: PromiseWithResolvers<void>
  /** What an answer used, until the journal has it. */
  answered?: UsedCall
}

/**
 * The books of one execution's model calls. A call is open from its reservation to its settlement: by the journal when
 * that takes its answer, else by a statement of its own, whatever became of the run. One that this fails to settle is
 * charged as lost when the lease is over.
 */
export class RunMeter {
  private readonly engine: Engine
  private readonly claimed: ClaimedRun
  private readonly open = new Map<string, OpenCall>()

  constructor(engine: Engine, claimed: ClaimedRun) {
    this.engine = engine
    this.claimed = claimed
  }

  /** The meter of the attempts that one step makes. They reject with `CallRefusedError`. */
  ofStep(execution: Execution, step: string): CallMeter {
    return {
      reserve: (model, worstCase) => this.reserve(execution, step, model, worstCase),
      settle: (id, used) => this.settle(id, used),
    }
  }

  private async reserve(execution: Execution, step: string, model: string, worstCase: WorstCase) {
    const id = uuidv7()
    const over = Promise.withResolvers<void>()
    this.open.set(id, { step, model, over })
    const forget = () => {
      this.open.delete(id)
      over.resolve()
    }
    let reservation: Reservation
    try {
      reservation = await execution.query((database) =>
        reserveCall(database, this.claimed.lease, { id, step, model, ...worstCase }),
      )
    } catch (error) {
      forget()
      throw error
    }
    if (reservation.outcome !== 'granted') {
      forget()
      throw new CallRefusedError(reservation.outcome, model, reservation.refusal)
    }
    for (const data of reservation.warnings) execution.append({ type: 'budget.warned', data })
    return { id, assumedPrice: reservation.assumedPrice }
  }

  private async settle(id: string, used: UsedCall): Promise<void> {
    const call = this.open.get(id)
    if (!call) return
    const { database, logger } = this.engine
    const { step, model, over } = call
    try {
      await persist(this.engine, () => settleCall(database, this.claimed.lease, { id, step, model, ...used }))
    } catch (error) {
      logger.warn(
        { err: error, ...logFields(this.claimed), step },
        'a model call could not be settled; it will be charged in full',
      )
    }
    this.open.delete(id)
    over.resolve()
  }

  /** Notes a reply for which the journal gets its event next. */
  answered({ callId, usage, costNanos, estimated = false }: ModelReply): void {
    const call = callId === undefined ? undefined : this.open.get(callId)
    if (!call) return
    call.answered = { outcome: 'answered', usage, costNanos, estimated }
    call.over.resolve()
  }

  /** The journal took these, and settled the calls among them. */
  journaled(events: readonly NewRunEvent[]): void {
    for (const event of events) {
      if (event.type === 'model.finished' && event.data.callId) this.open.delete(event.data.callId)
    }
  }

  /** Resolves when no call is under way: each has its answer or is settled. */
  async idle(): Promise<void> {
    await Promise.all([...this.open.values()].map(({ over }) => over.promise))
  }

  /** Settles what the journal did not take. */
  async close(): Promise<void> {
    await this.idle()
    const left = [...this.open].map(([id, { answered }]) => answered && this.settle(id, answered))
    await Promise.all(left)
  }
}
