import { FreeholdError, runPriorities, type StartRun } from '@freehold/contracts'
import { uuidv7 } from 'uuidv7'
import { isSystemAgent } from '../agents/system-agents.ts'
import type { Database } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import { actorName, authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { onlyShared } from '../teams/assert-owns-agent.ts'
import { QueueGate } from './queue-gate.ts'
import { threadBusy } from './thread-busy.ts'

export interface StartRunInput extends Omit<StartRun, 'priority'> {
  agent: string
  /** A name that the client gave the run; starting it again finds the first one. */
  clientKey?: string
  priority?: StartRun['priority']
}

const gates = new WeakMap<Database, QueueGate>()

/** One for each database of this process. */
function gateOf(database: Database): QueueGate {
  const gate = gates.get(database) ?? new QueueGate(database)
  gates.set(database, gate)
  return gate
}

/** Accepts a run: when this returns, the run is in the database and will be executed, whatever process dies. */
export async function startRun(caller: Caller, asked: StartRunInput): Promise<{ runId: string; created: boolean }> {
  authorize(caller, 'runs:start')
  if (isSystemAgent(asked.agent)) throw startRefused('agent_not_found', asked)
  await assertMayStart(caller, asked)
  const team = await chooseTeam(caller, asked)
  const input = withKeyOf(team, asked)
  const row = await admitRun(
    caller,
    () => insertRun(caller, input, team),
    async () => (input.clientKey === undefined ? undefined : findByClientKey(caller, input.clientKey)),
  )
  return readOutcome(caller, input, row)
}

/**
 * Who makes agents tries any version in development. A key that is bound to an environment starts runs there, and in no
 * conversation of another environment.
 */
async function assertMayStart(caller: TenantCaller, { environment, threadId, version }: StartRunInput): Promise<void> {
  if (version !== undefined) authorize(caller, 'agents:write')
  if (version !== undefined && environment !== 'development') {
    const message = 'a version is tried in development only. Send "environment": "development", too.'
    throw invalidField('body.version', message)
  }
  const { environment: bound } = caller
  if (!bound) return
  if (environment !== bound) {
    const message = `This key is bound to ${bound}. Send "environment": "${bound}", or use a key for ${environment}.`
    throw new FreeholdError('permission_denied', message)
  }
  if (threadId === undefined) return
  const elsewhere = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('agent_runs')
      .select('id')
      .where('thread_id', '=', threadId)
      .where('environment', '<>', bound)
      .limit(1)
      .executeTakeFirst(),
  )
  if (!elsewhere) return
  const message = `The thread "${threadId}" belongs to another environment than ${bound}, which this key is bound to. Use another thread.`
  throw new FreeholdError('permission_denied', message)
}

/** The team that a run is of when whoever starts it acts for teams only: one that owns the agent, or that it is shared with. */
async function chooseTeam(caller: TenantCaller, input: StartRunInput): Promise<string | null> {
  const { platform, teams } = caller
  if (!teams) return null
  const owner = await platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('resource_owners')
      .select(['team_id', 'shared_with'])
      .where('kind', '=', 'agent')
      .where('resource', '=', input.agent)
      .executeTakeFirst(),
  )
  if (owner && teams.includes(owner.team_id)) return owner.team_id
  const [team, ...others] = teams.filter((id) => owner?.shared_with.includes(id))
  if (team === undefined) throw startRefused('agent_not_found', input)
  if (input.version !== undefined) throw onlyShared(input.agent)
  if (others.length === 0) return team
  const message = `"${input.agent}" is shared with several of your teams. Choose one with the header X-Team-Id.`
  throw new FreeholdError('invalid_request', message)
}

/** Each team has names of its own: what one calls its runs tells the others nothing, and takes nothing from them. */
function withKeyOf(team: string | null, { clientKey, ...input }: StartRunInput): StartRunInput {
  if (clientKey === undefined) return input
  return { ...input, clientKey: team === null ? clientKey : `${clientKey} of team ${team}` }
}

/** Starts a run when the tenant's queue has room for it. `known` finds one that was accepted before, which needs none. */
export async function admitRun<T>(
  caller: TenantCaller,
  start: () => Promise<T>,
  known?: () => Promise<T | undefined>,
): Promise<T> {
  const entry = await gateOf(caller.platform.database).admit(caller.tenantId, start)
  if (entry.admitted) return entry.started
  const before = await known?.()
  if (before !== undefined) return before
  throw new FreeholdError(
    'queue_full',
    `The queue is full: the plan of the tenant allows ${entry.maxQueuedRuns} queued runs. Start this one again when some have begun, or ask the operator for a larger plan.`,
    // One run that begins makes room, so the wait is short; drawn, so that those refused together don't come back together.
    { retryable: true, retryAfterSeconds: 1 + Math.floor(Math.random() * 5) },
  )
}

interface StartRow {
  outcome: string
  run_id: string
}

async function insertRun(
  caller: TenantCaller,
  input: StartRunInput,
  team: string | null,
): Promise<StartRow | undefined> {
  const runId = uuidv7()
  const [row] = await caller.platform.database.call<StartRow>(
    'start-run-by-caller',
    `select * from start_run($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, p_user => $12,
       p_priority => $13::int::smallint, p_team => $14, p_version => $15)`,
    [
      caller.tenantId,
      runId,
      input.agent,
      input.environment,
      input.threadId ?? runId,
      input.message,
      encodeJson(input.metadata),
      input.deadlineMs ?? null,
      actorName(caller),
      caller.requestId,
      input.clientKey ?? null,
      input.user ?? null,
      runPriorities.indexOf(input.priority ?? 'normal'),
      team,
      input.version ?? null,
    ],
  )
  return row
}

async function findByClientKey(caller: TenantCaller, clientKey: string): Promise<StartRow | undefined> {
  const row = await caller.platform.database.withTenant(caller, (tx) =>
    tx.selectFrom('agent_runs').select('id').where('client_key', '=', clientKey).executeTakeFirst(),
  )
  return row && { outcome: 'existing', run_id: row.id }
}

function readOutcome(
  caller: TenantCaller,
  input: StartRunInput,
  row: StartRow | undefined,
): { runId: string; created: boolean } {
  if (row?.outcome === 'created') caller.platform.bus.publish({ kind: 'work' })
  if (row?.outcome === 'created' || row?.outcome === 'existing') {
    return { runId: row.run_id, created: row.outcome === 'created' }
  }
  if (row?.outcome === 'thread_busy') throw threadBusy(row.run_id, 'Send the next message')
  throw startRefused(row?.outcome, input)
}

/** Why `start_run` started nothing, in words for who asked. */
export function startRefused(
  outcome: string | undefined,
  { agent, environment, version }: { agent: string; environment: string; version?: number | undefined },
): FreeholdError {
  if (outcome === 'version_not_found') {
    return new FreeholdError('not_found', `There is no version ${version} of an agent named "${agent}".`)
  }
  if (outcome === 'not_released') {
    return new FreeholdError(
      'conflict',
      `No version of "${agent}" is released to ${environment}. Release one there first.`,
    )
  }
  if (outcome === 'thread_of_others') {
    return new FreeholdError(
      'permission_denied',
      'This thread does not belong to the team that the run is of. Use another thread.',
    )
  }
  return new FreeholdError('not_found', `There is no agent named "${agent}".`)
}
