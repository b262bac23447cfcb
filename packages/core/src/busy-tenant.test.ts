import { createTestPlatform, makeBusy, pagesRead, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listAgents } from './agents/list-agents.ts'
import type { Caller } from './identity/caller.ts'
import { getOverview } from './overview/get-overview.ts'
import { listRuns } from './runs/get-run.ts'
import { listTenantHealth } from './tenancy/list-tenant-health.ts'
import { listThreads } from './threads/threads.ts'
import { summarizeUsage } from './usage/summarize-usage.ts'

const timeZone = 'Europe/Berlin'
const from = new Date(Date.now() - 60 * 86_400_000).toISOString()
const limit = 50

/** What the pages of the dashboard ask for. */
const questions: Record<string, (caller: Caller) => Promise<unknown>> = {
  'the overview of today': (caller) => getOverview(caller, { days: 1, timeZone }),
  'the overview of 7 days': (caller) => getOverview(caller, { days: 7, timeZone }),
  'the overview of 30 days': (caller) => getOverview(caller, { days: 30, timeZone }),
  'usage by day': (caller) => summarizeUsage(caller, { groupBy: 'day', from, timeZone }),
  'usage by agent': (caller) => summarizeUsage(caller, { groupBy: 'agent', from }),
  'usage by model': (caller) => summarizeUsage(caller, { groupBy: 'model', from }),
  'usage by person': (caller) => summarizeUsage(caller, { groupBy: 'person', from }),
  'usage by team': (caller) => summarizeUsage(caller, { groupBy: 'team', from }),
  'the newest runs': (caller) => listRuns(caller, { limit }),
  'runs of nobody': (caller) => listRuns(caller, { limit, user: 'nobody' }),
  'runs that cost most': (caller) => listRuns(caller, { limit, minCostNanos: 1_000_000_000 }),
  'failed runs of an agent in a month': (caller) =>
    listRuns(caller, { limit, agent: 'clerk', status: ['failed', 'cancelled'], from }),
  'the newest conversations': (caller) => listThreads(caller, { limit }),
  'conversations of nobody': (caller) => listThreads(caller, { limit, mine: true }),
  'conversations with an agent': (caller) => listThreads(caller, { limit, agent: 'clerk' }),
  agents: (caller) => listAgents(caller, { limit }),
  'the health of tenants': (caller) =>
    listTenantHealth({ ...caller, tenantId: null, permissions: new Set(['platform:tenants:read']) }, { limit }),
}

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
  await makeBusy(on, on.acme)
}, 180_000)
afterAll(() => on.close())

test.each(Object.keys(questions))(
  '%s touches at most 5,000 pages beside 10,000 runs and 50,000 calls',
  async (name) => {
    const ask = () => questions[name]?.(on.caller(on.acme)) ?? Promise.reject(new Error('not asked'))
    await ask() // the first time reads the catalogue, too
    const pages = await pagesRead(on, ask)
    console.log(`${name}: ${pages} pages`)
    expect(pages).toBeLessThanOrEqual(5_000)
  },
)
