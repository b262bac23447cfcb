// The worker's side of budgets: each attempt on a model is set aside for before it is made, and settled after.

import type { EventData, Usage } from '@freehold/contracts'
import type { Database } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import { type Lease, LeaseLostError } from '../runs/lease.ts'

export interface CallToReserve {
  /** A UUID of the caller's making: reserved twice under the same id, a call is reserved once. */
  id: string
  step: string
  model: string
  /** Never less than what the call can use. */
  inputTokens: number
  outputTokens: number
  /** Nano-USD; null when the price is not known. */
  costNanos: number | null
}

/** The budget that stands against a call, with the first of its limits that the call doesn't fit in. */
export interface Refusal {
  budgetId: string
  name: string
  scopeKind: string
  subject: string
  period: string
  windowStart: string
  /** Null: never. */
  resetsAt: string | null
  limitOf: 'price' | 'money' | 'tokens' | 'requests'
  /** What the budget allows, what is spent and reserved of that, and what the call could use. Nano-USD for money. */
  allowed: number
  taken: number
  asked: number
}

export type Reservation =
  | {
      outcome: 'granted'
      /** Nano-USD per token that the tenant assumes, when the price is not known. */
      assumedPrice: { inputNanosPerToken: number; outputNanosPerToken: number } | null
      /** Budgets whose soft threshold this call is the first to reach in their period. */
      warnings: EventData<'budget.warned'>[]
    }
  | { outcome: 'budget_exceeded' | 'price_unknown'; refusal: Refusal }

/**
 * Sets the worst case of a call aside in every budget that applies, or in none. Before it refuses a call for what others
 * have reserved, it settles those whose lease is over. Throws `LeaseLostError` when the run is another worker's.
 */
export async function reserveCall(database: Database, lease: Lease, call: CallToReserve): Promise<Reservation> {
  const first = await reserve(database, lease, call)
  if (first.outcome !== 'budget_exceeded') return first
  const lost = await database.call<{ run_id: string }>('find-lost-calls', 'select * from find_lost_calls($1)', [
    lease.tenantId,
  ])
  for (const row of lost) await settleLostCallsOf(database, lease.tenantId, row.run_id)
  // Also when nothing was lost: somebody else may just have settled it.
  return reserve(database, lease, call)
}

interface ReserveRow {
  outcome: Reservation['outcome'] | 'lease_lost'
  assumed_input_nanos: number | null
  assumed_output_nanos: number | null
  warnings: EventData<'budget.warned'>[]
  refusal: Refusal | null
}

async function reserve(database: Database, lease: Lease, call: CallToReserve): Promise<Reservation> {
  const [row] = await database.call<ReserveRow>(
    'reserve-budget',
    'select * from reserve_budget($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [
      lease.tenantId,
      lease.runId,
      lease.token,
      call.id,
      call.step,
      call.model,
      call.inputTokens,
      call.outputTokens,
      call.costNanos,
    ],
  )
  if (!row || row.outcome === 'lease_lost') throw new LeaseLostError(lease.runId)
  if (row.outcome !== 'granted') {
    if (!row.refusal) throw new Error('reserve_budget refused without a budget')
    return { outcome: row.outcome, refusal: withIsoTime(row.refusal) }
  }
  const { assumed_input_nanos: input, assumed_output_nanos: output } = row
  const assumedPrice =
    input === null || output === null ? null : { inputNanosPerToken: input, outputNanosPerToken: output }
  return { outcome: 'granted', assumedPrice, warnings: row.warnings.map(withIsoTime) }
}

/** PostgreSQL writes times in JSON with the offset of the session. */
function withIsoTime<T extends { resetsAt: string | null }>(entry: T): T {
  return { ...entry, resetsAt: entry.resetsAt && new Date(entry.resetsAt).toISOString() }
}

export interface CallToSettle {
  id: string
  step: string
  model: string
  /** `unanswered`: it used nothing. */
  outcome: 'answered' | 'broken' | 'unanswered'
  usage: Usage
  costNanos: number | null
  estimated: boolean
}

/** Settles a call that the journal will not. It may have been settled already; one charged as lost is corrected. */
export async function settleCall(
  database: Database,
  run: { tenantId: string; runId: string },
  call: CallToSettle,
): Promise<void> {
  await database.call('settle-reservation', 'select settle_reservation($1, $2, $3)', [
    run.tenantId,
    run.runId,
    encodeJson(call),
  ])
}

/** Charges calls of all tenants whose lease is over, for at most `limit` runs. Workers do this now and then. */
export async function settleLostCalls(database: Database, limit: number): Promise<void> {
  const rows = await database.call<{ tenant_id: string; run_id: string }>(
    'find-lost-calls-of-all',
    'select * from door_find_lost_calls($1)',
    [limit],
  )
  for (const { tenant_id, run_id } of rows) await settleLostCallsOf(database, tenant_id, run_id)
}

async function settleLostCallsOf(database: Database, tenantId: string, runId: string): Promise<void> {
  await database.call('settle-lost-calls', 'select settle_lost_calls($1, $2)', [tenantId, runId])
}
