import type { AgentConfig, Approval, TenantRole } from '@freehold/contracts'
import { type Caller, decideApproval, getApproval, listApprovals } from '@freehold/core'
import { type PostgresServer, startPostgres, startTestEngine, type TestEngine } from '@freehold/testkit'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { z } from 'zod'
import { defineProgram, defineTool, type ProgramRun } from '../index.ts'

/** The engine of the test that runs, and what its high-risk tool paid. */
export let engine: TestEngine
export let paid: unknown[]
/** What the test makes its program do; to call the high-risk tool when it says nothing. */
export const program = { execute: callPay }

const pay = defineTool({
  name: 'pay',
  description: 'Pays.',
  input: z.object({ amount: z.number(), to: z.string() }),
  output: z.unknown(),
  risk: 'high',
  idempotent: false,
  handler: async (input) => {
    paid.push(input)
    return 'paid'
  },
})
const note = defineTool({
  name: 'note',
  description: 'Notes what it gets.',
  input: z.unknown(),
  output: z.unknown(),
  risk: 'low',
  idempotent: true,
  handler: async (input) => ({ noted: input }),
})

export const call = { id: 'call', name: 'pay', input: { to: 'bob', amount: 150 } }
export const eve = 'api_key:eve'

async function callPay(run: ProgramRun): Promise<unknown> {
  return (await run.tool(call)).output
}

/** Gives each test of the file an engine of its own on one PostgreSQL. */
export function useEngine(): void {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres()
  })
  afterAll(() => postgres.stop())
  beforeEach(async () => {
    paid = []
    program.execute = callPay
    engine = await startTestEngine({
      databaseUrl: await postgres.createDatabase({ migrate: true }),
      programs: [defineProgram('scripted', (run) => program.execute(run))],
      tools: [pay, note],
    })
  })
  afterEach(() => engine[Symbol.asyncDispose]())
}

/** Somebody of the engine's tenant. */
export function as(id: string, roles: TenantRole[] = []): Caller {
  return { ...engine.caller, actor: { kind: 'api_key', id, name: id }, roles }
}

/** An agent with a policy, and a run of it. */
export async function startWith(policy: Partial<AgentConfig['approvals']>, options = {}): Promise<string> {
  await engine.newAgent(engine.caller, 'governed', { program: 'scripted', approvals: policy, ...options })
  return engine.start('governed')
}

export const policyOfPay = (rule: NonNullable<AgentConfig['approvals']['tools'][string]>) => ({ tools: { pay: rule } })

/** Waits until the run waits for an approval, and returns it. */
export async function asked(runId: string): Promise<Approval> {
  await engine.until(runId, ({ type }) => type === 'run.waiting')
  const { items } = await listApprovals(engine.caller, { limit: 10, runId, status: 'pending' })
  expect(items).toHaveLength(1)
  return getApproval(engine.caller, items[0]?.id ?? '')
}

export function approve(caller: Caller, { id, argumentsHash }: Approval, more = {}): Promise<Approval> {
  return decideApproval(caller, id, { decision: 'approve', argumentsHash, ...more })
}

export function reject(caller: Caller, { id, argumentsHash }: Approval, comment?: string): Promise<Approval> {
  return decideApproval(caller, id, { decision: 'reject', argumentsHash, comment })
}

export async function typesOf(runId: string): Promise<string[]> {
  return (await engine.journal(runId)).map(({ type }) => type)
}

/** Makes the waiting run's approval expire now, as if its time had passed. */
export async function expire(runId: string): Promise<void> {
  await engine.sql(`update approvals set expires_at = now() where run_id = $1`, [runId])
  await engine.sql(`update agent_runs set available_at = now() where id = $1`, [runId])
  engine.bus.publish({ kind: 'work' })
}
