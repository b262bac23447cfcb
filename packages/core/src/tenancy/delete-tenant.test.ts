import { FreeholdError, type TenantDeletion } from '@freehold/contracts'
import {
  createTestPlatform,
  furnishTenant,
  snapshotTenant,
  type TestPlatform,
  type TestTenant,
} from '@freehold/testkit'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAnchoring } from '../audit/anchors.ts'
import { createArchiving } from '../audit/archive-chains.ts'
import type { Caller } from '../identity/caller.ts'
import { countObjects, type ObjectStore } from '../objects/object-store.ts'
import type { Vault } from '../secrets/vault.ts'
import { deleteTenant, getTenantDeletion } from './delete-tenant.ts'
import { resumeTenant, suspendTenant } from './tenants.ts'

let on: TestPlatform
let operator: Caller

beforeAll(async () => {
  on = await createTestPlatform()
  operator = {
    ...on.caller(on.acme),
    actor: { kind: 'operator', id: 'test', name: 'test' },
    tenantId: null,
    permissions: new Set(['platform:tenants:write' as const, 'platform:tenants:read' as const]),
  }
})
afterAll(() => on.close())

const erase = ({ id, name }: TestTenant, by: Caller = operator) => deleteTenant(by, id, { name }, on.anchors)

async function eraseAll(tenant: TestTenant): Promise<TenantDeletion> {
  for (;;) {
    const deletion = await erase(tenant)
    if (deletion.status === 'deleted') return deletion
  }
}

test('a tenant with something of everything is deleted, and nothing of it is left', async () => {
  await furnishTenant(on, on.acme)
  const others = await snapshotTenant(on, on.globex.id)
  await expect(erase(on.acme)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('Suspend it'),
  })
  await suspendTenant(operator, on.acme.id)
  await expect(deleteTenant(operator, on.acme.id, { name: 'globex' }, on.anchors)).rejects.toMatchObject({
    code: 'invalid_request',
  })
  const begun = await erase(on.acme)
  expect(begun).toMatchObject({ status: 'deleting', certificate: null })
  expect(begun.remainingRows).toBeGreaterThan(100)
  // The gateway knows somebody for three seconds without asking again.
  const use = () => on.request(on.acme.key, 'GET', '/api/v1/agents')
  await expect.poll(use, { timeout: 20_000 }).toMatchObject({
    body: { code: 'tenant_suspended', detail: expect.stringContaining('being deleted') },
  })
  await expect(resumeTenant(operator, on.acme.id)).rejects.toMatchObject({ code: 'conflict' })
  // What was under way adds something, which goes, too.
  await on.asSuperuser(`insert into threads (tenant_id, id) values ($1, 'late')`, [on.acme.id])

  const { certificate } = await eraseAll(on.acme)
  const rows = certificate?.rows ?? {}
  const left = await snapshotTenant(on, on.acme.id)
  expect(Object.keys(rows).toSorted()).toEqual(Object.keys(left).toSorted())
  expect(Object.values(left).flat()).toEqual([])
  // What the tenant had nothing of would prove nothing.
  const empty = Object.entries(rows).filter(([, { before }]) => before === 0)
  expect(empty.map(([name]) => name)).toEqual([])
  expect(Object.values(rows).filter(({ after }) => after !== 0)).toEqual([])
  expect(certificate).toMatchObject({
    name: 'acme',
    auditHead: { seq: rows.audit_entries?.before },
    secretValues: { vault: 'postgres', before: 2, after: 0 },
    objects: { store: 'folder', before: 1, after: 0 },
  })
  expect(await snapshotTenant(on, on.globex.id)).toEqual(others)
  expect(await createAnchoring(on.database, on.anchors)()).toEqual([])

  expect(await erase(on.acme)).toMatchObject({ status: 'deleted', certificate })
  expect(await getTenantDeletion(operator, on.acme.id, on.anchors)).toMatchObject({ certificate })
})

test('a deletion that broke off goes on where it was, values in the vault before their ids', async () => {
  const tenant = await on.createTenant('broken off')
  const client = on.client(tenant.key)
  for (const name of ['one', 'two', 'three']) await client.putSecret({ params: { name }, body: { value: name } })
  await suspendTenant(operator, tenant.id)
  await erase(tenant)
  let deleted = 0
  const { vault } = on.platform
  const dying: Vault = {
    ...vault,
    delete: async (secret) => {
      deleted += 1
      if (deleted === 2) throw new Error('the process died')
      await vault.delete(secret)
    },
  }
  const secrets = () => on.asSuperuser<{ id: string }>('select id from secrets where tenant_id = $1', [tenant.id])
  await expect(erase(tenant, { ...operator, platform: { ...on.platform, vault: dying } })).rejects.toThrow('died')
  expect(await secrets()).toHaveLength(2)
  expect(await eraseAll(tenant)).toMatchObject({ status: 'deleted', certificate: { secretValues: { before: 3 } } })
  expect(await secrets()).toEqual([])
})

test('what a request that was under way adds to a table that is empty already goes with the next call', async () => {
  const tenant = await on.createTenant('busy')
  const client = on.client(tenant.key)
  await client.putSecret({ params: { name: 'used' }, body: { value: 'x' } })
  const body = { kind: 'http', secret: 'used', origin: 'https://api.invalid' } as const
  await client.putConnection({ params: { name: 'late' }, body })
  const [row] = await on.asSuperuser<object>('select * from connections where tenant_id = $1', [tenant.id])
  await suspendTenant(operator, tenant.id)
  await erase(tenant)
  const { vault } = on.platform
  const late: Vault = {
    ...vault,
    delete: async (secret) => {
      await vault.delete(secret)
      await on.asSuperuser('insert into connections select * from jsonb_populate_record(null::connections, $1)', [
        JSON.stringify(row),
      ])
    },
  }
  expect(await erase(tenant, { ...operator, platform: { ...on.platform, vault: late } })).toMatchObject({
    status: 'deleting',
  })
  await eraseAll(tenant)
  expect(Object.values(await snapshotTenant(on, tenant.id)).flat()).toEqual([])
})

test('what is archived while the tenant is deleted goes, too', async () => {
  const tenant = await on.createTenant('archived meanwhile')
  const { objects } = on.platform
  await createAnchoring(on.database, on.anchors)()
  await suspendTenant(operator, tenant.id)
  /** The deletion begins, and has deleted all objects, when a segment of before arrives. */
  const late: ObjectStore = {
    ...objects,
    async putOnce(object, bytes) {
      if (object.tenantId === tenant.id) for (let calls = 0; calls < 2; calls++) await erase(tenant)
      return objects.putOnce(object, bytes)
    },
  }
  await createArchiving(on.database, on.anchors, { objects: late, afterMs: 0 })(new AbortController().signal)
  expect(await getTenantDeletion(operator, tenant.id, on.anchors)).toMatchObject({ status: 'deleted' })
  expect(await countObjects(objects, tenant.id)).toBe(0)
})

test('a certificate is signed when the last object is gone', async () => {
  const tenant = await on.createTenant('still storing')
  const { objects } = on.platform
  await suspendTenant(operator, tenant.id)
  await erase(tenant)
  const storing: ObjectStore = {
    ...objects,
    async deleteAll(tenantId, untilMs) {
      const isDone = await objects.deleteAll(tenantId, untilMs)
      await objects.put({ tenantId, key: 'files/late.txt' }, Buffer.from('late'))
      return isDone
    },
  }
  const caller = { ...operator, platform: { ...on.platform, objects: storing } }
  expect(await erase(tenant, caller)).toMatchObject({ status: 'deleting' })
  expect(await erase(tenant)).toMatchObject({ status: 'deleted', certificate: { objects: { before: 0, after: 0 } } })
  expect(await countObjects(objects, tenant.id)).toBe(0)
})

test('a deletion ends when the store keeps nothing of the tenant any more', async () => {
  const tenant = await on.createTenant('kept for a time')
  const { objects } = on.platform
  await objects.put({ tenantId: tenant.id, key: 'files/locked.txt' }, Buffer.from('locked'))
  await suspendTenant(operator, tenant.id)
  await erase(tenant)
  const locked = new FreeholdError('conflict', 'kept until tomorrow')
  const keeping: ObjectStore = { ...objects, deleteAll: () => Promise.reject(locked) }
  const attempt = () => erase(tenant, { ...operator, platform: { ...on.platform, objects: keeping } })
  for (let attempts = 0; attempts < 2; attempts++) await expect(attempt()).rejects.toBe(locked)
  // All else is gone by then.
  expect(await getTenantDeletion(operator, tenant.id, on.anchors)).toMatchObject({
    status: 'deleting',
    remainingRows: 1,
  })
  expect(await eraseAll(tenant)).toMatchObject({ certificate: { objects: { before: 1, after: 0 } } })
})

test('delegated runs go before those that delegated, whatever the order of their ids', async () => {
  const tenant = await on.createTenant('delegating')
  const { id } = await on.client(tenant.key).startRun({ params: { name: 'assistant' }, body: { message: 'hello' } })
  await on.asSuperuser(
    `insert into agent_runs select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(),
        'parent_run_id', r.id, 'parent_step', n))).* from agent_runs r, generate_series(1, 5) n where r.id = '${id}'`,
  )
  await suspendTenant(operator, tenant.id)
  const { certificate } = await eraseAll(tenant)
  expect(certificate?.rows.agent_runs).toEqual({ before: 6, after: 0 })
})

test('the door erases nothing of a tenant whose deletion has not begun, or of another one', async () => {
  const { id } = on.globex
  const call = (on_: string, of: string) =>
    on.database.withTenant(on_, (tx) => sql`select door_erase_rows(${of}, 'threads', 1)`.execute(tx))
  const tenant = await on.createTenant('begun')
  await suspendTenant(operator, tenant.id)
  await erase(tenant)
  await expect(call(id, id)).rejects.toThrow('has not begun')
  await expect(call(id, tenant.id)).rejects.toThrow('has not begun')
  await expect(deleteTenant(on.caller(on.globex), id, { name: 'globex' }, on.anchors)).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(getTenantDeletion(operator, id, on.anchors)).rejects.toMatchObject({ code: 'not_found' })
})
