import { putPlan, setTenantPlan } from '@freehold/core'
import { createTestPlatform, type TestPlatform, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform({ rateLimitPerMinute: 3 })
})
afterAll(() => on.close())

test('a key above its rate gets 429 with the seconds to wait, and others go on', async () => {
  const ask = (key: string) => on.request(key, 'GET', '/api/v1/whoami')
  const left: (string | null)[] = []
  for (let i = 0; i < 3; i += 1) {
    const { status, headers } = await ask(on.acme.key)
    expect(status).toBe(200)
    expect(headers.get('ratelimit-policy')).toBe('"key";q=3;w=60')
    left.push(/^"key";r=(\d);t=\d+$/.exec(headers.get('ratelimit') ?? '')?.[1] ?? null)
  }
  expect(left).toEqual(['2', '1', '0'])
  const refused = await ask(on.acme.key)
  expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } })
  expect(refused.headers.get('ratelimit')).toMatch(/^"key";r=0;t=/)
  const seconds = Number(refused.headers.get('retry-after'))
  expect(seconds).toBeGreaterThan(0)
  expect(seconds).toBeLessThanOrEqual(60)
  expect((await ask(on.globex.key)).status).toBe(200)
  expect((await on.request(null, 'GET', '/health')).status).toBe(200)
})

test('an address gets 429 after 120 bad keys, whatever keys they are', async () => {
  let tries = 0
  const guess = () => on.request(`fht_${String(tries++).padStart(43, '0')}`, 'GET', '/api/v1/whoami')
  for (let i = 0; i < 120; i += 1) expect((await guess()).status).toBe(401)
  // Two more for each second that this took.
  let answer = await guess()
  while (answer.status === 401) answer = await guess()
  expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
})

test('a key can have a lower limit than others', async () => {
  const tenant = await on.createTenant('with a slow key')
  const created = await on.request(tenant.key, 'POST', '/api/v1/keys', { name: 'slow', requestsPerSecond: 0.02 })
  expect(created).toMatchObject({ status: 201, body: { requestsPerSecond: 0.02 } })
  const { apiKey } = z.object({ apiKey: z.string() }).parse(created.body)
  const ask = () => on.request(apiKey, 'GET', '/api/v1/whoami')
  const first = await ask()
  expect([first.status, first.headers.get('ratelimit-policy')]).toEqual([200, '"key";q=1;w=50'])
  expect((await ask()).status).toBe(429)
})

test('a change of plan reaches the gateway within seconds', async () => {
  const tenant = await on.createTenant('with a plan')
  const operator = { ...on.caller(tenant), tenantId: null, permissions: new Set(['platform:tenants:write'] as const) }
  const plan = { name: 'tight', weight: 1, maxRunningRuns: 1, maxQueuedRuns: 1 }
  await putPlan(operator, { ...plan, rateLimits: { tenant: { requestsPerSecond: 0.01, burst: 1 } } })
  await setTenantPlan(operator, tenant.id, { plan: plan.name })
  const ask = () => on.request(tenant.key, 'GET', '/api/v1/whoami')
  expect((await ask()).headers.get('ratelimit-policy')).toBe('"key";q=3;w=60, "tenant";q=1;w=100')
  expect(await ask()).toMatchObject({ status: 429, body: { detail: expect.stringContaining('this tenant') } })
  await putPlan(operator, { ...plan, rateLimits: { key: { requestsPerSecond: 1_000 } } })
  await waitFor(async () => (await ask()).status === 200, { what: 'the new plan to hold' })
})
