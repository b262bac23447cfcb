import type { CreateBudget } from '@freehold/contracts'
import { uuidv7 } from 'uuidv7'
import type { Database } from '../db/database.ts'
import type { Caller } from '../identity/caller.ts'
import { type ClaimedRun, claimRuns } from '../runs/claim-runs.ts'
import { startRun } from '../runs/start-run.ts'
import { createBudget } from './budgets.ts'
import type { CallToReserve, CallToSettle } from './metered-calls.ts'

/** The part of the testkit's platform that is used here. */
interface Ground {
  database: Database
  asSuperuser<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/** Starts a run and claims it, as a worker would. */
export async function holdRun(platform: Ground, caller: Caller, input: { user?: string } = {}): Promise<ClaimedRun> {
  const { runId } = await startRun(caller, {
    ...{ agent: 'assistant', message: 'hello', environment: 'production', metadata: {} },
    ...input,
  })
  const claim = { worker: uuidv7(), limit: 100, leaseMs: 600_000 }
  const run = (await claimRuns(platform.database, claim)).find(({ lease }) => lease.runId === runId)
  if (!run) throw new Error('the run was not claimed')
  return run
}

/** A budget of the tenant per day, with changes. */
export function newBudget(caller: Caller, changes: Partial<CreateBudget> & { name: string }) {
  const none = { limitNanos: null, tokenLimit: null, requestLimit: null, softPercent: null }
  return createBudget(caller, { scope: { kind: 'tenant', id: null }, period: 'day', ...none, ...changes })
}

/** A call that costs as many nano-USD as given at worst, and as many tokens in and out. */
export function callOf(costNanos: number | null, changes: Partial<CallToReserve> = {}): CallToReserve {
  const tokens = costNanos ?? 10
  return {
    id: uuidv7(),
    step: 'model:1',
    model: 'openai/m',
    inputTokens: tokens,
    outputTokens: tokens,
    costNanos,
    ...changes,
  }
}

/** What a call came to: as many nano-USD as given, and as many tokens in and out. */
export function cameTo(call: CallToReserve, outcome: CallToSettle['outcome'], costNanos: number): CallToSettle {
  const usage = {
    inputTokens: costNanos,
    outputTokens: costNanos,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  }
  return { id: call.id, step: call.step, model: call.model, outcome, usage, costNanos, estimated: false }
}

export interface Books {
  spent_nanos: number
  reserved_nanos: number
  spent_tokens: number
  reserved_tokens: number
  spent_requests: number
  reserved_requests: number
}

/** The counters of a budget, over its subjects and periods. */
export async function booksOf(platform: Ground, budgetId: string): Promise<Books> {
  const [books] = await platform.asSuperuser<Books>(
    `select coalesce(sum(spent_nanos), 0)::int as spent_nanos, coalesce(sum(reserved_nanos), 0)::int as reserved_nanos,
            coalesce(sum(spent_tokens), 0)::int as spent_tokens, coalesce(sum(reserved_tokens), 0)::int as reserved_tokens,
            coalesce(sum(spent_requests), 0)::int as spent_requests,
            coalesce(sum(reserved_requests), 0)::int as reserved_requests
       from budget_windows where budget_id = $1`,
    [budgetId],
  )
  if (!books) throw new Error('an aggregate has a row')
  return books
}

/** The ledger's sums over a tenant, and the same from its runs. */
export async function ledgerOf(platform: Ground, tenant: { id: string }) {
  const [ledger] = await platform.asSuperuser<{ cost: number; tokens: number; requests: number }>(
    `select coalesce(sum(cost_nanos), 0)::int as cost, coalesce(sum(input_tokens + output_tokens), 0)::int as tokens,
            count(*)::int as requests from usage_records where tenant_id = $1`,
    [tenant.id],
  )
  const [runs] = await platform.asSuperuser<{ cost: number; tokens: number }>(
    `select coalesce(sum(cost_nanos), 0)::int as cost, coalesce(sum(input_tokens + output_tokens), 0)::int as tokens
       from agent_runs where tenant_id = $1`,
    [tenant.id],
  )
  if (!ledger || !runs) throw new Error('an aggregate has a row')
  return { ledger, runs }
}

/** Ends the lease of a run, as if its time had passed. */
export async function expireLease(platform: Ground, { lease }: ClaimedRun): Promise<void> {
  await platform.asSuperuser(`update agent_runs set available_at = now() - interval '1 second' where id = $1`, [
    lease.runId,
  ])
}
