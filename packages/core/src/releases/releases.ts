import {
  type Environment,
  FreeholdError,
  type Page,
  type PromoteRelease,
  type Promotion,
  type Release,
  type ReleaseEntry,
  type RollBackRelease,
  type SetRelease,
} from '@freehold/contracts'
import { readVersion } from '../agents/agents.ts'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { assertOwnsAgent } from '../teams/assert-owns-agent.ts'
import { announceRollback } from './announce-rollback.ts'
import {
  approvalsNeeded,
  cameFrom,
  changeRelease,
  describeRelease,
  hasPassed,
  lockRelease,
  planChange,
  type ReleaseRow,
} from './change-release.ts'
import { toEntry, toRelease } from './present-release.ts'
import { requestRelease } from './release-requests.ts'

/** An environment of an agent. */
export interface ReleasePlace {
  agent: string
  environment: Environment
}

export async function getRelease(caller: Caller, { agent, environment }: ReleasePlace): Promise<Release> {
  authorize(caller, 'agents:read')
  return caller.platform.database.withTenant(caller, async (tx) => {
    await readVersion(tx, agent)
    return toRelease(tx, served(await readRelease(tx, agent, environment), environment))
  })
}

/**
 * Chooses which version serves in an environment, or starts a canary there. Runs that have started keep theirs. Past an
 * environment, or without the approval that the tenant asks for, it takes the permission to force it.
 */
export async function setRelease(caller: Caller, input: SetRelease & ReleasePlace): Promise<Release> {
  authorize(caller, 'agents:release')
  const { tenantId } = caller
  const { agent, environment, version, comment } = input
  return caller.platform.database.withTenant(caller, async (tx) => {
    await readVersion(tx, agent, version)
    await assertOwnsAgent(tx, caller, agent)
    const before = await lockRelease(tx, agent, environment)
    if (before?.version === version && before.canary_version === null && !input.canary) {
      // Asked again, it has been done already.
      await recordChange(tx, caller, { action: 'release.set', ...differenceOf(input, before, before) })
      return toRelease(tx, before)
    }
    const passed = await hasPassed(tx, agent, environment, version)
    const needed = await approvalsNeeded(tx, environment)
    const forced = !passed || needed !== undefined
    if (forced && !caller.permissions.has('releases:force')) throw passed ? approvalMissing(input) : notPassed(input)
    const change = { ...planChange(before, input, 'direct'), by: actorName(caller), comment, forced }
    await changeRelease(tx, { tenantId, agent, environment }, before, change)
    const after = served(await readRelease(tx, agent, environment), environment)
    const difference = differenceOf(input, before, after)
    const forcedAfter = { ...difference.after, forced }
    await recordChange(tx, caller, { action: 'release.set', ...difference, after: forcedAfter })
    return toRelease(tx, after)
  })
}

/** Releases what serves in the environment before. Where people have to approve it, it asks them instead. */
export async function promoteRelease(caller: Caller, input: PromoteRelease & ReleasePlace): Promise<Promotion> {
  authorize(caller, 'agents:release')
  const { tenantId } = caller
  const { agent, environment, canary, comment } = input
  return caller.platform.database.withTenant(caller, async (tx) => {
    await readVersion(tx, agent, input.version)
    await assertOwnsAgent(tx, caller, agent)
    const version = input.version ?? (await versionBefore(tx, input))
    if (!(await hasPassed(tx, agent, environment, version))) throw notPassed({ ...input, version })
    const before = await lockRelease(tx, agent, environment)
    if (before?.version === version) {
      throw new FreeholdError('conflict', `Version ${version} serves in ${environment} already.`)
    }
    const planned = planChange(before, { version, canary }, 'promotion')
    const needed = await approvalsNeeded(tx, environment)
    if (needed) {
      const wanted = { agent, environment, version, canary: planned.canary?.rules, comment }
      const request = await requestRelease(tx, caller, wanted, before, needed)
      await recordChange(tx, caller, { action: 'release.requested', subjectId: subjectOf(input), after: request })
      return { release: before ? await toRelease(tx, before) : null, request }
    }
    await changeRelease(tx, { tenantId, agent, environment }, before, { ...planned, by: actorName(caller), comment })
    const after = served(await readRelease(tx, agent, environment), environment)
    await recordChange(tx, caller, { action: 'release.promoted', ...differenceOf(input, before, after) })
    return { release: await toRelease(tx, after), request: null }
  })
}

/** Ends the canary; without one, goes back to the release before the one that serves. Needs no approval. */
export async function rollBackRelease(caller: Caller, input: RollBackRelease & ReleasePlace): Promise<Release> {
  authorize(caller, 'agents:release')
  const { tenantId } = caller
  const { agent, environment, from, comment } = input
  const release = await caller.platform.database.withTenant(caller, async (tx) => {
    await readVersion(tx, agent)
    await assertOwnsAgent(tx, caller, agent)
    const before = served(await lockRelease(tx, agent, environment), environment)
    const left = before.canary_version ?? before.version
    if (from !== undefined && from !== left) {
      throw new FreeholdError('conflict', `Version ${from} is not what a rollback would end there: ${left} is.`)
    }
    const version = before.canary_version === null ? await releaseBefore(tx, before) : before.version
    const at = { tenantId, agent, environment }
    await changeRelease(tx, at, before, { kind: 'rollback', version, canary: null, by: actorName(caller), comment })
    await announceRollback(tx, at, { from: left, to: version, by: actorName(caller), evidence: null })
    const after = served(await readRelease(tx, agent, environment), environment)
    await recordChange(tx, caller, { action: 'release.rolled-back', ...differenceOf(input, before, after) })
    return toRelease(tx, after)
  })
  caller.platform.bus.publish({ kind: 'work' })
  return release
}

export async function listReleaseHistory(
  caller: Caller,
  { agent, environment, ...query }: ReleasePlace & PageQuery,
): Promise<Page<ReleaseEntry>> {
  authorize(caller, 'agents:read')
  const before = decodeCursor(query.cursor, cursorKeys.version)
  const rows = await caller.platform.database.withTenant(caller, async (tx) => {
    await readVersion(tx, agent)
    return tx
      .selectFrom('release_history')
      .selectAll()
      .where('agent', '=', agent)
      .where('environment', '=', environment)
      .$if(before !== undefined, (q) => q.where('number', '<', Number(before)))
      .orderBy('number', 'desc')
      .limit(query.limit + 1)
      .execute()
  })
  return toPage(rows, query.limit, toEntry, ({ number }) => String(number))
}

function subjectOf({ agent, environment }: ReleasePlace): string {
  return `${agent}/${environment}`
}

/** What a change of what serves looks like in the audit trail. */
function differenceOf(place: ReleasePlace, before: ReleaseRow | undefined, after: ReleaseRow) {
  return { subjectId: subjectOf(place), before: before && describeRelease(before), after: describeRelease(after) }
}

function readRelease(tx: Tx, agent: string, environment: Environment): Promise<ReleaseRow | undefined> {
  return tx
    .selectFrom('agent_releases')
    .selectAll()
    .where('agent', '=', agent)
    .where('environment', '=', environment)
    .executeTakeFirst()
}

/** What serves in the environment that a promotion comes from. */
async function versionBefore(tx: Tx, { agent, environment }: ReleasePlace): Promise<number> {
  const from = cameFrom(environment)
  if (from === null) {
    throw invalidField('body.version', 'nothing comes before development, so name the version')
  }
  return served(await readRelease(tx, agent, from), from).version
}

/** What the version that serves took the place of when it was released, and not when something was rolled back to it. */
async function releaseBefore(tx: Tx, row: ReleaseRow): Promise<number> {
  const entry = await tx
    .selectFrom('release_history')
    .select('replaced_version')
    .where('agent', '=', row.agent)
    .where('environment', '=', row.environment)
    .where('version', '=', row.version)
    .where('kind', 'in', ['created', 'direct', 'promotion'])
    .whereRef('replaced_version', '<>', 'version')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (entry?.replaced_version) return entry.replaced_version
  throw new FreeholdError(
    'conflict',
    `There is no release before version ${row.version} in ${row.environment}. Release another version instead.`,
  )
}

function served(row: ReleaseRow | undefined, environment: Environment): ReleaseRow {
  if (row) return row
  throw new FreeholdError('conflict', `No version is released to ${environment} yet.`)
}

function notPassed({ agent, environment, version }: ReleasePlace & { version: number }): FreeholdError {
  const from = cameFrom(environment) ?? environment
  return new FreeholdError(
    'conflict',
    `Version ${version} of "${agent}" has not served in ${from}. Release it there first, or have somebody with the permission "releases:force" release it here.`,
  )
}

function approvalMissing({ agent, environment }: ReleasePlace): FreeholdError {
  return new FreeholdError(
    'conflict',
    `The tenant asks for approval before anything gets into ${environment}. Promote ${agent} instead, which asks for it.`,
  )
}
