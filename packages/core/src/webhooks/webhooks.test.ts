import { createWebhookSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { sql } from 'kysely'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { createWebhook, updateWebhook } from './webhooks.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const create = (caller: Caller) =>
  createWebhook(caller, createWebhookSchema.parse({ url: 'https://hooks.invalid/', events: ['run.failed'] }))

it('a tenant has twenty active ones at the most, also when several come at once', async () => {
  const caller = on.caller(await on.createTenant('with many'))
  const created = await Promise.allSettled(Array.from({ length: 22 }, () => create(caller)))
  const ids = created.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
  expect(ids).toHaveLength(20)
  const full = { code: 'conflict', message: expect.stringContaining('20 active webhooks. Delete or disable one') }
  await expect(create(caller)).rejects.toMatchObject(full)

  const [first = ''] = ids
  expect(await updateWebhook(caller, first, { status: 'active' })).toMatchObject({ status: 'active' })
  await updateWebhook(caller, first, { status: 'disabled' })
  expect(await create(caller)).toMatchObject({ status: 'active' })
  await expect(updateWebhook(caller, first, { status: 'active' })).rejects.toMatchObject(full)
  expect(await create(on.caller(on.acme))).toMatchObject({ status: 'active' })
})

it('a team stays within its bounds after what it did was told to one', async () => {
  const tenant = await on.createTenant('with a team')
  await create(on.caller(tenant))
  const agents = await on.database.withTenant({ tenantId: tenant.id, teams: [uuidv7()] }, async (tx) => {
    const { rows } = await sql<{ told: number }>`
      select emit_webhook(${tenant.id}, 'run.failed', '{}') as told`.execute(tx)
    expect(rows).toEqual([{ told: 1 }])
    return tx.selectFrom('agent_templates').select('name').execute()
  })
  expect(agents).toEqual([])
})
