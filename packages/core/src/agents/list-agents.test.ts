import { agentConfigSchema } from '@freehold/contracts'
import { createTestPlatform, makeBusy, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { setRelease } from '../releases/releases.ts'
import { setOwner } from '../teams/owners.ts'
import { createTeam } from '../teams/teams.ts'
import { createAgentVersion } from './agents.ts'
import { listAgents } from './list-agents.ts'

let on: TestPlatform
let team: string
beforeAll(async () => {
  on = await createTestPlatform()
  await makeBusy(on, on.acme, { runs: 600, callsPerRun: 1 })
  team = (await createTeam(owner(), { name: 'sales' })).id
  await setOwner(owner(), { kind: 'agent', resource: 'clerk' }, { teamId: team, sharedWith: [] })
  await createAgentVersion(owner(), 'clerk', agentConfigSchema.parse({ description: 'the next one' }))
  await setRelease(owner(), { agent: 'clerk', environment: 'staging', version: 2, canary: { percent: 25 } })
})
afterAll(() => on.close())

const owner = () => on.caller(on.acme)
const clerkFor = async (caller: Caller) =>
  (await listAgents(caller, { limit: 50 })).items.find(({ name }) => name === 'clerk')

test('an agent is listed with its newest version, what serves where, its canaries and its team', async () => {
  expect(await clerkFor(owner())).toMatchObject({
    ...{ version: 2, description: 'the next one' },
    releases: { development: 1, staging: 1, production: 1 },
    canaries: [{ environment: 'staging', version: 2, percent: 25 }],
    owner: { teamId: team, teamName: 'sales' },
  })
  const { items } = await listAgents(owner(), { limit: 1 })
  expect(items).toMatchObject([{ name: 'assistant', canaries: [], owner: null }])
})

test('its last seven days are those of the runs that the caller may see', async () => {
  const [seen] = await on.asSuperuser<{ runs: number; failed: number; ended: number; cost: number }>(
    `select count(*)::int as runs, count(*) filter (where status = 'failed')::int as failed, sum(cost_nanos)::bigint as cost,
            count(*) filter (where status <> 'cancelled')::int as ended
       from agent_runs where agent = 'clerk' and created_at >= now() - interval '7 days'`,
  )
  const { runs = 0, failed = 0, ended = 0, cost = 0 } = seen ?? {}
  expect(runs).toBeGreaterThan(0)
  const lastWeek = { runs, failureRate: failed / ended, costNanos: cost }
  expect(await clerkFor(owner())).toMatchObject({ lastWeek })
  const ofTeam = { ...owner(), teams: [team] }
  expect(await clerkFor(ofTeam)).toMatchObject({ lastWeek: { runs: 0, failureRate: null, costNanos: 0 } })
  expect((await listAgents(ofTeam, { limit: 50 })).items.map(({ name }) => name)).toEqual(['clerk'])
  const blind = { ...owner(), permissions: new Set(['agents:read'] as const) }
  expect(await clerkFor(blind)).toMatchObject({ lastWeek: null })
})

test('of another tenant nothing is listed', async () => {
  expect(await clerkFor(on.caller(on.globex))).toBeUndefined()
})
