import { generateKeyPairSync } from 'node:crypto'
import { createBudgetSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform, type TestTenant } from '@freehold/testkit'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createBudget } from '../budgets/budgets.ts'
import type { Caller } from '../identity/caller.ts'
import { createAnchoring } from './anchors.ts'
import { tamperWith } from './chain.fixture.ts'
import { signCheckpoint } from './checkpoints.ts'
import { exportAudit } from './list-entries.ts'
import { pruneAudit } from './prune-audit.ts'
import { recordChange } from './record-change.ts'
import { verifyAudit } from './verify-audit.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

let tenants = 0
let tenant: TestTenant
let caller: Caller
let operator: Caller

/** A tenant with six entries, all of them anchored. */
beforeEach(async () => {
  tenants += 1
  tenant = await on.createTenant(`kept ${tenants}`)
  caller = on.caller(tenant)
  operator = { ...caller, tenantId: null, permissions: new Set(['platform:tenants:write' as const]) }
  await grow(6)
  await anchor()
})

async function grow(length: number): Promise<void> {
  for (let seq = (await chain()).at(-1)?.seq ?? 0; seq < length; seq++) {
    await createBudget(caller, createBudgetSchema.parse({ name: `budget ${seq}`, period: 'day', limitNanos: 1 }))
  }
}

const anchor = () => createAnchoring(on.database, on.anchors)()
const chain = async () => (await exportAudit(caller, { after: 0, limit: 1000 })).items
const verification = () => verifyAudit(caller, { archive: true }, on.anchors)
const soon = () => new Date(Date.now() + 60_000).toISOString()
const prune = (before = soon()) => pruneAudit(operator, tenant.id, { before }, on.anchors)
const tamper = (statement: string) => tamperWith(on, `${statement} and tenant_id = '${tenant.id}'`)

test('what is left is proved by the checkpoint in the chain, also when more is removed later', async () => {
  expect(await prune()).toEqual({ removed: 5, prunedSeq: 5, unarchived: 0 })
  expect((await chain()).map(({ seq, action }) => [seq, action])).toEqual([
    [6, 'budget.created'],
    [7, 'audit.pruned'],
  ])
  expect(await verification()).toMatchObject({ ok: true, prunedSeq: 5, entries: 2, head: { seq: 7 } })
  await grow(9)
  expect(await anchor()).not.toContain(tenant.id)
  expect(await prune()).toEqual({ removed: 3, prunedSeq: 8, unarchived: 0 })
  expect(await verification()).toMatchObject({ ok: true, prunedSeq: 8, entries: 2, head: { seq: 10 } })
})

test('only entries from before the point in time are removed, and only anchored ones', async () => {
  const entries = await chain()
  expect(await prune(entries[0]?.at)).toEqual({ removed: 0, prunedSeq: null, unarchived: 0 })
  await grow(9)
  // Six of the entries are anchored, the newest of which stays.
  expect(await prune()).toEqual({ removed: 5, prunedSeq: 5, unarchived: 0 })
  expect(await verification()).toMatchObject({ ok: true })
})

test('more than the checkpoint says is missed, as is a checkpoint', async () => {
  await prune()
  await tamper('delete from audit_entries where seq = 6')
  expect(await verification()).toMatchObject({ ok: false, problem: { seq: 1 } })
})

test('anchoring tells of a chain of which nothing is left, whatever was removed by the rules', async () => {
  await prune()
  await anchor()
  await tamper('delete from audit_entries where true')
  expect(await anchor()).toContain(tenant.id)
  expect(await verification()).toMatchObject({ ok: false, entries: 0, problem: { seq: 1 } })
})

test('a checkpoint that this installation did not sign vouches for nothing', async () => {
  const last = (await chain())[2]
  const { privateKey } = generateKeyPairSync('ed25519')
  const head = { tenantId: tenant.id, seq: 3, hash: last?.hash ?? '' }
  const checkpoint = signCheckpoint({ ...on.anchors, privateKey }, head)
  await on.database.withTenant(tenant.id, async (tx) => {
    const change = { action: 'audit.pruned', subjectId: tenant.id, after: { checkpoint } } as const
    await recordChange(tx, { ...caller, tenantId: tenant.id }, change)
    await sql`select door_prune_audit(${tenant.id}, 3)`.execute(tx)
  })
  expect(await verification()).toMatchObject({
    ok: false,
    problem: { seq: 1, reason: expect.stringContaining('was removed') },
  })
})

test('nothing is removed without an entry that says so', async () => {
  const attempt = on.database.call('prune', 'select door_prune_audit($1, $2)', [tenant.id, 3])
  await expect(attempt).rejects.toThrow('no audit entry vouches')
  expect(await chain()).toHaveLength(6)
})

test('nothing is removed of a chain that is not as it was', async () => {
  await tamper(`update audit_entries set actor = 'x' where seq = 2`)
  await expect(prune()).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('entry 2') })
  expect(await chain()).toHaveLength(6)
})

test('only the operator may, and only for a tenant that is there', async () => {
  const input = { before: soon() }
  await expect(pruneAudit(caller, tenant.id, input, on.anchors)).rejects.toMatchObject({ code: 'not_found' })
  const nobody = '01a20603-c1e6-7641-85ad-c434136813a1'
  await expect(pruneAudit(operator, nobody, input, on.anchors)).rejects.toMatchObject({ code: 'not_found' })
})
