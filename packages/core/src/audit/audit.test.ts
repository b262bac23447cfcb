import { createHash } from 'node:crypto'
import {
  type AuditEntry,
  createAgentSchema,
  createBudgetSchema,
  createScheduleSchema,
  createWebhookSchema,
  FreeholdError,
} from '@freehold/contracts'
import {
  createTestPlatform,
  type PostgresServer,
  startPostgres,
  type TestPlatform,
  type TestTenant,
} from '@freehold/testkit'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createAgent } from '../agents/agents.ts'
import { createBudget } from '../budgets/budgets.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { createKey } from '../identity/api-keys.ts'
import type { Caller } from '../identity/caller.ts'
import { createSchedule } from '../schedules/schedules.ts'
import { updateOwnTenant } from '../tenancy/tenants.ts'
import { createWebhook, rotateWebhookSecret } from '../webhooks/webhooks.ts'
import { createAnchoring } from './anchors.ts'
import { lengthenChain, tamperWith } from './chain.fixture.ts'
import { hashEntry } from './hash-entry.ts'
import { exportAudit, listAudit } from './list-entries.ts'
import { verifyAudit } from './verify-audit.ts'

let postgres: PostgresServer
let on: TestPlatform
/** What a second process would work with. */
let elsewhere: Database

beforeAll(async () => {
  postgres = await startPostgres()
  const url = await postgres.createDatabase({ migrate: true })
  on = await createTestPlatform({ databaseUrl: url })
  elsewhere = await openDatabase({ url, dataDir: postgres.folder, poolSize: 5, migrate: false })
})

afterAll(async () => {
  await elsewhere.close()
  await on.close()
  await postgres.stop()
})

let tenants = 0
let tenant: TestTenant
let caller: Caller

/** A tenant with six entries: itself, its agent and four budgets. */
beforeEach(async () => {
  tenants += 1
  tenant = await on.createTenant(`audited ${tenants}`)
  caller = on.caller(tenant)
  for (const name of ['one', 'two', 'three', 'four']) await limit(caller, name)
})

const limit = (by: Caller, name: string) =>
  createBudget(by, createBudgetSchema.parse({ name, period: 'day', limitNanos: 1_000 }))
const chain = async () => (await exportAudit(caller, { after: 0, limit: 1000 })).items
const verification = (by = caller) => verifyAudit(by, { archive: true }, on.anchors)
const anchor = () => createAnchoring(on.database, on.anchors)()

describe('the chain', () => {
  test('says who did what to what, from where, and as part of which request', async () => {
    const [entry] = (await listAudit({ ...caller, address: '192.0.2.1' }, { limit: 1 })).items
    expect(entry).toMatchObject({
      tenantId: tenant.id,
      seq: 6,
      actor: 'api_key:test',
      actorName: 'test',
      action: 'budget.created',
      subject: { kind: 'budget', id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      before: null,
      after: { name: 'four', limitNanos: 1_000 },
      requestId: 'test',
      address: null,
    })
    await limit({ ...caller, address: '192.0.2.1' }, 'from afar')
    expect((await listAudit(caller, { limit: 1 })).items[0]?.address).toBe('192.0.2.1')
  })

  test('is numbered without a gap, each entry with the hash of the one before', async () => {
    const entries = await chain()
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    expect(entries.map(({ previousHash }) => previousHash)).toEqual([
      '0'.repeat(64),
      ...entries.slice(0, -1).map(({ hash }) => hash),
    ])
    expect(await verification()).toMatchObject({
      ok: true,
      entries: 6,
      head: { hash: entries.at(-1)?.hash },
      problem: null,
    })
  })

  test('stays one when changes come at once, from two processes', async () => {
    const there = { ...caller, platform: { ...caller.platform, database: elsewhere } }
    const changes = Array.from({ length: 60 }, (_, count) => {
      const by = count % 2 === 0 ? caller : there
      if (count % 4 < 2) return limit(by, `budget ${count}`)
      if (count % 3 === 0) return createKey(by, { name: `key ${count}` })
      return updateOwnTenant(by, { allowedHosts: [`host-${count}.example`] })
    })
    await Promise.all(changes)
    expect(await verification()).toMatchObject({ ok: true, entries: 66 })
  })

  test('has nothing of a change that was undone', async () => {
    const before = await chain()
    const undone = on.database.asOne(tenant.id, async () => {
      await limit(caller, 'undone')
      throw new Error('the work went wrong')
    })
    await expect(undone).rejects.toThrow('the work went wrong')
    await expect(limit(caller, 'one')).rejects.toThrow(FreeholdError)
    expect(await chain()).toEqual(before)
    await limit(caller, 'done')
    expect(await verification()).toMatchObject({ ok: true, entries: 7 })
  })

  test('is of one tenant: another one sees nothing of it', async () => {
    const theirs = await chain()
    const ours = (await exportAudit(on.caller(on.acme), { after: 0, limit: 1000 })).items
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.map(({ hash }) => hash).filter((hash) => theirs.some((entry) => entry.hash === hash))).toEqual([])
    expect(new Set(ours.map(({ tenantId }) => tenantId))).toEqual(new Set([on.acme.id]))
  })

  test('is listed by who, what, on what and when', async () => {
    const entries = await chain()
    const [third] = entries.slice(2)
    const seqs = async (query: object) => (await listAudit(caller, { limit: 10, ...query })).items.map(({ seq }) => seq)
    expect(await seqs({ action: 'budget.created' })).toEqual([6, 5, 4, 3])
    expect(await seqs({ subject: third?.subject.id })).toEqual([3])
    expect(await seqs({ actor: 'operator:test' })).toEqual([1])
    expect(await seqs({ actor: 'api_key:test', to: new Date(Date.now() + 60_000).toISOString() })).toEqual([
      6, 5, 4, 3, 2,
    ])
    expect(await seqs({ from: new Date(Date.now() + 60_000).toISOString() })).toEqual([])
    const first = await listAudit(caller, { limit: 4 })
    const second = await listAudit(caller, { limit: 4, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items].map(({ seq }) => seq)).toEqual([6, 5, 4, 3, 2, 1])
  })

  test('needs its permission', async () => {
    const nobody = { ...caller, permissions: new Set(['keys:read' as const]) }
    for (const read of [
      () => listAudit(nobody, { limit: 1 }),
      () => exportAudit(nobody, { after: 0, limit: 1 }),
      () => verification(nobody),
    ]) {
      await expect(read()).rejects.toMatchObject({ code: 'permission_denied' })
    }
  })
})

test('no secret is in an entry, wherever somebody put it', async () => {
  const planted = 'planted-8f14e45fceea167a'
  const webhook = await createWebhook(
    caller,
    createWebhookSchema.parse({
      url: `https://hooks.invalid/${planted}?token=${planted}`,
      events: ['run.failed'],
      description: `signed with whsec_${planted}`,
    }),
  )
  const rotated = await rotateWebhookSecret(caller, webhook.id)
  const key = await createKey(caller, { name: `see ${tenant.key}` })
  await createSchedule(
    caller,
    createScheduleSchema.parse({
      name: 'leaky',
      agent: 'assistant',
      cron: '@daily',
      message: `Authorization: Bearer ${planted}, or postgres://ann:${planted}@db.internal/x`,
      metadata: { password: planted, apiKey: planted, client_secret: planted, accessToken: planted },
    }),
  )
  const text = JSON.stringify(await chain())
  expect(text).toContain('https://hooks.invalid/[masked]')
  for (const secret of [planted, webhook.secret, rotated.secret, key.apiKey, tenant.key]) {
    expect(text).not.toContain(secret)
    expect(text).not.toContain(secret.slice(-20))
  }
  expect(await verification()).toMatchObject({ ok: true, entries: 10 })
})

test('of a long text the beginning and the hash are kept, wherever the cut goes', async () => {
  const system = `${'a'.repeat(199)}\u{1F600}${'b'.repeat(50_000)}`
  await createAgent(caller, createAgentSchema.parse({ name: 'talkative', prompts: { system } }))
  const [entry] = (await listAudit(caller, { limit: 1 })).items
  const digest = createHash('sha256').update(system).digest('hex')
  const prompts = { system: expect.stringMatching(new RegExp(`^a{199}.… \\[50201 characters, SHA-256 ${digest}\\]$`)) }
  expect(entry?.after).toMatchObject({ prompts })
  expect(await verification()).toMatchObject({ ok: true, entries: 7 })
})

describe('nothing changes or removes an entry', () => {
  const statements = [
    'update audit_entries set actor_name = actor_name',
    'delete from audit_entries',
    'truncate audit_entries',
    'drop table audit_entries',
    'alter table audit_entries disable trigger all',
  ]

  test.each(statements)("the application's role may not: %s", async (statement) => {
    const attempt = on.database.withTenant(tenant.id, (tx) => sql.raw(statement).execute(tx))
    await expect(attempt).rejects.toThrow(/permission denied|must be owner/)
  })

  test.each(statements.slice(0, 3))('a superuser has to switch a trigger off before: %s', async (statement) => {
    await expect(on.asSuperuser(statement)).rejects.toThrow('audit entries are append-only')
  })
})

test('the owner of the tables can delete the entries of a tenant, and change none', async () => {
  const asOwner = (statement: string) =>
    on.asSuperuser(`begin; alter table audit_entries no force row level security; set local role freehold_owner;
      ${statement} where tenant_id = '${tenant.id}'; alter table audit_entries force row level security; commit`)
  await expect(asOwner('update audit_entries set actor = actor')).rejects.toThrow('audit entries are append-only')
  await asOwner('delete from audit_entries')
  expect(await chain()).toEqual([])
})

const tamper = (statements: string) => tamperWith(on, statements)
const where = (condition: string) => `where tenant_id = '${tenant.id}' and ${condition}`

/** Makes the chain consistent again, from an entry on, after `edit`. */
async function rewrite(from: number, edit: (entry: AuditEntry) => AuditEntry): Promise<void> {
  const entries = await chain()
  let previousHash = entries[from - 2]?.hash ?? '0'.repeat(64)
  for (const entry of entries.slice(from - 1)) {
    const changed = { ...(entry.seq === from ? edit(entry) : entry), previousHash }
    const hash = hashEntry(changed)
    await tamper(
      `update audit_entries set actor = '${changed.actor}', previous_hash = '${previousHash}', hash = '${hash}'
        ${where(`seq = ${entry.seq}`)}`,
    )
    previousHash = hash
  }
}

test('a long chain is verified to its end, a part at a time', async () => {
  await lengthenChain(on, tenant.id, 2_500)
  expect(await verification()).toMatchObject({ ok: true, entries: 2_500 })
  await tamper(`update audit_entries set actor = 'nobody' ${where('seq = 2001')}`)
  expect(await verification()).toMatchObject({ ok: false, entries: 2_000, problem: { seq: 2_001 } })
})

describe('verification finds', () => {
  const edits = [
    ['who it was', `actor = 'api_key:someone-else'`],
    ['their name', `actor_name = 'someone else'`],
    ['when it was', `at = at - interval '1 millisecond'`],
    ['what it was', `action = 'budget.deleted'`],
    ['what it was done to', `subject_id = 'another'`],
    ['what was before', `before = '{}'`],
    ['what was after', `after = after || '{"limitNanos": 1001}'`],
    ['the request', `request_id = 'another'`],
    ['the address', `address = '192.0.2.1'`],
    ['its hash', `hash = repeat('a', 64)`],
  ] as const
  test.each(edits)('an entry that was edited: %s', async (_, edit) => {
    await tamper(`update audit_entries set ${edit} ${where('seq = 3')}`)
    expect(await verification()).toMatchObject({
      ok: false,
      entries: 2,
      problem: { seq: 3, reason: expect.stringMatching(/edited/) },
    })
  })

  test('an entry that was given to another tenant', async () => {
    const other = await on.createTenant(`other of ${tenant.name}`)
    await tamper(`delete from audit_entries where tenant_id = '${other.id}'`)
    await tamper(`update audit_entries set tenant_id = '${other.id}' ${where('true')}`)
    expect(await verification(on.caller(other))).toMatchObject({ ok: false, problem: { seq: 1 } })
  })

  test.each([
    ['the first one', 'seq = 1', 1],
    ['one in the middle', 'seq = 3', 3],
    ['several in the middle', 'seq in (3, 4)', 3],
  ])('a removal of %s', async (_, removed, seq) => {
    await tamper(`delete from audit_entries ${where(removed)}`)
    expect(await verification()).toMatchObject({
      ok: false,
      problem: { seq, reason: expect.stringMatching(/was removed/) },
    })
  })

  test('a removal whose gap was closed', async () => {
    await tamper(`delete from audit_entries ${where('seq = 3')};
      update audit_entries set seq = seq - 1 ${where('seq = 4')};
      update audit_entries set seq = seq - 1 ${where('seq = 5')};
      update audit_entries set seq = seq - 1 ${where('seq = 6')}`)
    expect(await verification()).toMatchObject({
      ok: false,
      problem: { seq: 3, reason: expect.stringMatching(/does not follow/) },
    })
  })

  test.each([
    ['the newest entry', 'seq = 6', 6],
    ['the newest entries', 'seq > 3', 4],
    ['every entry', 'true', 1],
  ])('a removal of %s, by the anchor', async (_, removed, seq) => {
    await anchor()
    await tamper(`delete from audit_entries ${where(removed)}`)
    expect(await verification()).toMatchObject({
      ok: false,
      anchoredSeq: 6,
      problem: { seq, reason: expect.stringMatching(/there were 6/) },
    })
  })

  test('a removal of the newest entries behind which others were written, by the anchor', async () => {
    await anchor()
    await tamper(`delete from audit_entries ${where('seq > 4')}`)
    for (const name of ['five', 'six', 'seven']) await limit(caller, name)
    expect(await verification()).toMatchObject({
      ok: false,
      problem: { seq: 6, reason: expect.stringMatching(/rewritten/) },
    })
    expect(await anchor()).toContain(tenant.id)
  })

  test.each([1, 3, 6])('a chain that was rewritten from entry %i on, by the anchor', async (from) => {
    await anchor()
    await rewrite(from, (entry) => ({ ...entry, actor: 'api_key:someone-else' }))
    expect(await verification()).toMatchObject({
      ok: false,
      problem: { seq: 6, reason: expect.stringMatching(/rewritten/) },
    })
    expect(await anchor()).toContain(tenant.id)
  })

  test('the first anchor that a rewritten chain contradicts', async () => {
    await anchor()
    await limit(caller, 'five')
    await anchor()
    await rewrite(4, (entry) => ({ ...entry, actor: 'api_key:someone-else' }))
    expect(await verification()).toMatchObject({
      anchors: 2,
      problem: { seq: 6, reason: expect.stringMatching(/rewritten/) },
    })
  })

  test("anchors that this installation's key did not sign", async () => {
    await anchor()
    const [line = ''] = await on.anchors.store.read(tenant.id)
    await on.anchors.store.append(tenant.id, line.replace('"seq":6', '"seq":5'))
    expect(await verification()).toMatchObject({
      ok: false,
      anchors: 1,
      problem: { reason: expect.stringMatching(/not signed/) },
    })
  })
})

describe('anchoring', () => {
  test('signs each chain that has grown, and none that has not, also where another process left it', async () => {
    const anchorChains = createAnchoring(on.database, on.anchors)
    await anchorChains()
    await anchorChains()
    await anchor()
    expect(await on.anchors.store.read(tenant.id)).toHaveLength(1)
    await limit(caller, 'five')
    await anchorChains()
    expect(await verification()).toMatchObject({ ok: true, entries: 7, anchors: 2, anchoredSeq: 7 })
  })

  test('lives with a line that a crash cut off', async () => {
    await anchor()
    await on.anchors.store.append(tenant.id, '{"tenantId":"')
    expect(await verification()).toMatchObject({ ok: true, anchors: 1 })
  })
})
