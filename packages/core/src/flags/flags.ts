import {
  type Environment,
  type EvaluateFlag,
  type Flag,
  type FlagEvaluation,
  FreeholdError,
  type Page,
  type PutFlag,
} from '@freehold/contracts'
import { type Selectable, sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import { cursorKeys, decodeCursor, type PageQuery, toPage } from '../cursor.ts'
import type { Tx } from '../db/database.ts'
import { encodeJson } from '../db/json.ts'
import type { FeatureFlags } from '../db/schema.gen.ts'
import { actorName, authorize, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { parseName } from '../secrets/parse-name.ts'
import type { Flags } from './open-flags.ts'

interface At {
  name: string
  environment: Environment
}

export async function putFlag(caller: Caller, at: At, input: PutFlag, flags: Flags): Promise<Flag> {
  authorize(caller, 'flags:write')
  parseName(at.name)
  if (flags.kind !== 'stored') throw keptElsewhere()
  const { type, description, enabled, variants, rules, serve } = input
  return caller.platform.database.withTenant(caller, async (tx) => {
    const before = await selectFlag(tx, at).forUpdate().executeTakeFirst()
    const values = {
      type,
      description,
      enabled,
      variants: encodeJson(variants),
      rules: encodeJson(rules),
      serve: encodeJson(serve),
      updated_by: actorName(caller),
    }
    const row = await tx
      .insertInto('feature_flags')
      .values({ tenant_id: caller.tenantId, ...at, ...values })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'environment', 'name']).doUpdateSet({ ...values, updated_at: sql<Date>`now()` }),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
    const change = { ...(before && { before: toFlag(before) }), after: toFlag(row) }
    await recordChange(tx, caller, { action: 'flag.set', subjectId: subjectOf(at), ...change })
    return toFlag(row)
  })
}

export async function getFlag(caller: Caller, at: At): Promise<Flag> {
  authorize(caller, 'flags:read')
  const row = await caller.platform.database.withTenant(caller, (tx) => selectFlag(tx, at).executeTakeFirst())
  if (!row) throw flagNotFound(at.name)
  return toFlag(row)
}

export async function listFlags(caller: Caller, query: PageQuery & { environment: Environment }): Promise<Page<Flag>> {
  authorize(caller, 'flags:read')
  const after = decodeCursor(query.cursor, cursorKeys.name)
  const rows = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('feature_flags')
      .selectAll()
      .where('environment', '=', query.environment)
      .$if(after !== undefined, (q) => q.where('name', '>', after ?? ''))
      .orderBy('name')
      .limit(query.limit + 1)
      .execute(),
  )
  return toPage(rows, query.limit, toFlag, ({ name }) => name)
}

export async function deleteFlag(caller: Caller, at: At): Promise<Flag> {
  authorize(caller, 'flags:write')
  const row = await caller.platform.database.withTenant(caller, async (tx) => {
    const found = await tx
      .deleteFrom('feature_flags')
      .where('name', '=', at.name)
      .where('environment', '=', at.environment)
      .returningAll()
      .executeTakeFirst()
    if (found)
      await recordChange(tx, caller, { action: 'flag.deleted', subjectId: subjectOf(at), before: toFlag(found) })
    return found
  })
  if (!row) throw flagNotFound(at.name)
  return toFlag(row)
}

/** What a flag says, wherever the installation keeps its flags. */
export async function evaluateFlag(caller: Caller, at: At, input: EvaluateFlag, flags: Flags): Promise<FlagEvaluation> {
  authorize(caller, 'flags:read')
  const client = flags.bind(caller.tenantId, at.environment)
  const { errorCode, value, variant, reason } = await client.details(at.name, input)
  if (errorCode === 'FLAG_NOT_FOUND') throw flagNotFound(at.name)
  if (errorCode === 'TYPE_MISMATCH')
    throw invalidField('body.type', `the flag "${at.name}" has another type than ${input.type}.`)
  if (errorCode === 'TARGETING_KEY_MISSING')
    throw invalidField('body.targetingKey', 'the flag is served by shares, so it is needed.')
  if (errorCode) throw new FreeholdError('unavailable', 'The flags can not be read right now.', { retryable: true })
  return { value, variant: variant ?? null, reason: reason ?? 'UNKNOWN' }
}

export function selectFlag(tx: Tx, { name, environment }: { name: string; environment: string }) {
  return tx.selectFrom('feature_flags').selectAll().where('environment', '=', environment).where('name', '=', name)
}

/** Written by `putFlag` only, so the columns hold what its schema lets through. */
export function toFlag(row: Selectable<FeatureFlags>): Flag {
  return {
    name: row.name,
    environment: row.environment as Environment,
    type: row.type as Flag['type'],
    description: row.description,
    enabled: row.enabled,
    variants: row.variants as Flag['variants'],
    rules: row.rules as unknown as Flag['rules'],
    serve: row.serve as unknown as Flag['serve'],
    updatedBy: row.updated_by,
    updatedAt: row.updated_at.toISOString(),
  }
}

function subjectOf({ name, environment }: At): string {
  return `${name}@${environment}`
}

function flagNotFound(name: string): FreeholdError {
  return new FreeholdError('not_found', `There is no flag "${name}" in this environment.`)
}

function keptElsewhere(): FreeholdError {
  return new FreeholdError(
    'conflict',
    'The flags of this installation are in Unleash. Ask its operator to change them.',
  )
}
