import { createWebhookSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
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
