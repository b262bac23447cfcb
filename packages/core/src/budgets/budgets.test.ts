import { createBudgetSchema, type TenantPermission, updateBudgetSchema, updateTenantSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getOwnTenant, updateOwnTenant } from '../tenancy/tenants.ts'
import { callOf, cameTo, holdRun, newBudget } from './books.fixture.ts'
import { createBudget, deleteBudget, getBudget, listBudgets, updateBudget } from './budgets.ts'
import { reserveCall, settleCall } from './metered-calls.ts'

let platform: TestPlatform
beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())

const owner = () => platform.caller(platform.acme)
const stranger = () => platform.caller(platform.globex)
const without = (permission: TenantPermission) => {
  const caller = owner()
  return { ...caller, permissions: new Set([...caller.permissions].filter((held) => held !== permission)) }
}
const input = (changes: object = {}) =>
  createBudgetSchema.parse({ name: `budget ${uuidv7()}`, period: 'day', limitNanos: 100, ...changes })

describe('a budget', () => {
  test('is created, read, listed, changed and deleted', async () => {
    const created = await createBudget(owner(), input({ name: 'first', softPercent: 80 }))
    const whole = { allowed: 100, spent: 0, reserved: 0, remaining: 100 }
    expect(created).toMatchObject({ name: 'first', scope: { kind: 'tenant', id: null }, createdBy: 'api_key:test' })
    expect(created.windows).toMatchObject([{ subject: platform.acme.id, nanos: whole, warned: false }])
    expect(await getBudget(owner(), created.id)).toEqual(created)
    expect((await listBudgets(owner(), { limit: 10 })).items).toContainEqual(created)
    const changed = await updateBudget(owner(), created.id, { limitNanos: null, tokenLimit: 5 })
    expect(changed).toMatchObject({ name: 'first', limitNanos: null, tokenLimit: 5, softPercent: 80 })
    await deleteBudget(owner(), created.id)
    for (const verb of [getBudget, deleteBudget]) {
      await expect(verb(owner(), created.id)).rejects.toMatchObject({ code: 'not_found' })
    }
    expect((await listBudgets(owner(), { limit: 10 })).items).not.toContainEqual(
      expect.objectContaining({ name: 'first' }),
    )
  })

  test('has a name of its own, which is free again once it is deleted', async () => {
    const { id } = await createBudget(owner(), input({ name: 'twice' }))
    await expect(createBudget(owner(), input({ name: 'twice' }))).rejects.toMatchObject({ code: 'conflict' })
    const other = await createBudget(owner(), input({ name: 'other' }))
    await expect(updateBudget(owner(), other.id, { name: 'twice' })).rejects.toMatchObject({ code: 'conflict' })
    await createBudget(stranger(), input({ name: 'twice' }))
    await deleteBudget(owner(), id)
    await createBudget(owner(), input({ name: 'twice' }))
  })

  test('keeps a limit', async () => {
    const { id } = await createBudget(owner(), input())
    await expect(updateBudget(owner(), id, { limitNanos: null })).rejects.toMatchObject({ code: 'invalid_request' })
    expect(await updateBudget(owner(), id, { limitNanos: null, requestLimit: 1 })).toMatchObject({ requestLimit: 1 })
  })

  test.each([
    ['no limit', { limitNanos: null }],
    ['another tenant', { scope: { kind: 'tenant', id: 'globex' } }],
    ['an unknown scope', { scope: { kind: 'planet' } }],
    ['an unknown period', { period: 'week' }],
    ['half a nano-dollar', { limitNanos: 0.5 }],
    ['less than nothing', { tokenLimit: -1 }],
    ['more than all', { softPercent: 101 }],
  ])('of %s is not taken', (_, changes) => {
    const parsed = createBudgetSchema.safeParse({ name: 'budget', period: 'day', limitNanos: 100, ...changes })
    expect(parsed.success).toBe(false)
  })

  test('keeps its scope and its period', () => {
    for (const change of [{}, { period: 'day' }, { scope: { kind: 'user' } }]) {
      expect(updateBudgetSchema.safeParse(change).success).toBe(false)
    }
  })

  test('needs the permission, and is not found by another tenant', async () => {
    const { id } = await createBudget(owner(), input())
    const [reader, writer] = [without('budgets:write'), without('budgets:read')]
    const denied = { code: 'permission_denied' }
    await expect(createBudget(reader, input())).rejects.toMatchObject(denied)
    await expect(updateBudget(reader, id, { limitNanos: 1 })).rejects.toMatchObject(denied)
    await expect(deleteBudget(reader, id)).rejects.toMatchObject(denied)
    await expect(getBudget(writer, id)).rejects.toMatchObject(denied)
    await expect(listBudgets(writer, { limit: 10 })).rejects.toMatchObject(denied)
    for (const verb of [getBudget, deleteBudget]) {
      await expect(verb(stranger(), id)).rejects.toMatchObject({ code: 'not_found' })
    }
    await expect(updateBudget(stranger(), id, { limitNanos: 1 })).rejects.toMatchObject({ code: 'not_found' })
    expect(JSON.stringify(await listBudgets(stranger(), { limit: 10 }))).not.toContain(id)
  })

  test('shows what each has used, the busiest first', async () => {
    const caller = platform.caller(await platform.createTenant('busy'))
    const budget = await newBudget(caller, { name: 'users', scope: { kind: 'user', id: null }, limitNanos: 100 })
    expect(budget.windows).toEqual([])
    for (let user = 1; user <= 7; user++) {
      const run = await holdRun(platform, caller, { user: `user ${user}` })
      const [settled, open] = [callOf(user), callOf(10)]
      await reserveCall(platform.database, run.lease, settled)
      await settleCall(platform.database, run.lease, cameTo(settled, 'answered', user))
      await reserveCall(platform.database, run.lease, open)
    }
    const { windows } = await getBudget(caller, budget.id)
    expect(windows.map(({ subject }) => subject)).toEqual([7, 6, 5, 4, 3].map((user) => `user ${user}`))
    expect(windows[0]).toMatchObject({ nanos: { allowed: 100, spent: 7, reserved: 10, remaining: 83 } })
  })
})

describe('a period', () => {
  const periodOf = async (period: string, at: string, zone: string) => {
    const [row] = await platform.database.call<{ starts_at: Date; ends_at: Date }>(
      'budget-period',
      'select * from budget_period($1, $2, $3)',
      [period, at, zone],
    )
    return [row?.starts_at.toISOString(), row?.ends_at.toISOString()]
  }

  test.each([
    ['a day', 'day', '2026-11-22T23:30:00Z', 'Europe/Berlin', '2026-11-22T23:00:00.000Z', '2026-11-23T23:00:00.000Z'],
    [
      'the day of 23 hours',
      'day',
      '2026-03-29T12:00:00Z',
      'Europe/Berlin',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ],
    [
      'the day of 25 hours',
      'day',
      '2026-10-25T12:00:00Z',
      'Europe/Berlin',
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ],
    [
      'the month in which the clocks change',
      'month',
      '2026-03-15T12:00:00Z',
      'Europe/Berlin',
      '2026-02-28T23:00:00.000Z',
      '2026-03-31T22:00:00.000Z',
    ],
    [
      'the first of an hour that comes twice',
      'hour',
      '2026-10-25T00:30:00Z',
      'Europe/Berlin',
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
    ],
    [
      'the second of an hour that comes twice',
      'hour',
      '2026-10-25T01:30:00Z',
      'Europe/Berlin',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ],
    [
      'an hour of a zone that is half an hour off',
      'hour',
      '2026-11-22T10:40:00Z',
      'Asia/Kolkata',
      '2026-11-22T10:30:00.000Z',
      '2026-11-22T11:30:00.000Z',
    ],
    [
      'a day whose midnight does not exist',
      'day',
      '2026-09-06T12:00:00Z',
      'America/Santiago',
      '2026-09-06T04:00:00.000Z',
      '2026-09-07T03:00:00.000Z',
    ],
    [
      'the day before a midnight that comes twice',
      'day',
      '2026-11-01T04:30:00Z',
      'America/Havana',
      '2026-10-31T04:00:00.000Z',
      '2026-11-01T05:00:00.000Z',
    ],
    [
      'the day after a midnight that comes twice',
      'day',
      '2026-11-01T05:30:00Z',
      'America/Havana',
      '2026-11-01T05:00:00.000Z',
      '2026-11-02T05:00:00.000Z',
    ],
  ])('is %s', async (_, period, at, zone, startsAt, endsAt) => {
    expect(await periodOf(period, at, zone)).toEqual([startsAt, endsAt])
  })

  test("is that of the tenant's time zone; a change takes effect with the next one", async () => {
    const tenant = await platform.createTenant('moving')
    const caller = platform.caller(tenant)
    await updateOwnTenant(caller, { timeZone: 'Pacific/Kiritimati' })
    const budget = await newBudget(caller, { name: 'month', period: 'month', limitNanos: 100 })
    const [before] = budget.windows
    const run = await holdRun(platform, caller)
    await reserveCall(platform.database, run.lease, callOf(60))
    await updateOwnTenant(caller, { timeZone: 'Pacific/Pago_Pago' })
    expect(await reserveCall(platform.database, run.lease, callOf(60))).toMatchObject({ outcome: 'budget_exceeded' })
    const [after] = (await getBudget(caller, budget.id)).windows
    expect([after?.startsAt, after?.resetsAt]).toEqual([before?.startsAt, before?.resetsAt])
    expect(before?.resetsAt).toMatch(/T10:00:00/)
  })
})

describe('the settings of a tenant', () => {
  test('take a time zone and a price to assume, each by itself', async () => {
    const caller = stranger()
    await updateOwnTenant(caller, { timeZone: 'Europe/Berlin' })
    const assumedPrice = { inputNanosPerToken: 0, outputNanosPerToken: 7 }
    expect(await updateOwnTenant(caller, { assumedPrice })).toMatchObject({ timeZone: 'Europe/Berlin', assumedPrice })
    expect(await updateOwnTenant(caller, { assumedPrice: null })).toMatchObject({ assumedPrice: null })
    expect(await getOwnTenant(owner())).toMatchObject({ timeZone: 'UTC', assumedPrice: null })
  })

  test.each(['Mars/Olympus', 'UTC+3', '+03:00', ''])('take no time zone "%s"', (timeZone) => {
    expect(updateTenantSchema.safeParse({ timeZone }).success).toBe(false)
  })

  test('need the permission', async () => {
    const change = updateOwnTenant(without('tenant:write'), { timeZone: 'UTC' })
    await expect(change).rejects.toMatchObject({ code: 'permission_denied' })
  })
})
