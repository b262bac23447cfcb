import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newBudget } from './books.fixture.ts'
import { getBudget } from './budgets.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const owner = () => on.caller(on.acme)

/** What is forecast for a period between two moments, with 400 spent. */
async function forecastOf(start: string, end: string): Promise<number | null | undefined> {
  const { id } = await newBudget(owner(), { name: `from ${start} to ${end}`, limitNanos: 1000 })
  await on.asSuperuser(
    `insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end, spent_nanos)
       values ($1, $2, $1::text, $3::timestamptz, $4::timestamptz, 400)`,
    [on.acme.id, id, start, end],
  )
  return (await getBudget(owner(), id)).windows[0]?.forecastNanos
}

const hours = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString()

test('a budget forecasts what is spent by the end of the period if it goes on as so far', async () => {
  expect(await forecastOf(hours(-10), hours(15))).toBeCloseTo(1000, -1)
})

test('there is no forecast of a period that has just begun, and of none that has no end', async () => {
  expect(await forecastOf(hours(-0.1), hours(24))).toBeNull()
  expect(await forecastOf('epoch', 'infinity')).toBeNull()
})
