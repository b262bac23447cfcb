import { agentConfigSchema, tenantPermissions } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAgent, createAgentVersion } from '../agents/agents.ts'
import type { Caller } from '../identity/caller.ts'
import { getRelease, setRelease } from '../releases/releases.ts'
import { setOwner } from '../teams/owners.ts'
import { createTeam } from '../teams/teams.ts'
import { getRun } from './get-run.ts'
import { startRun } from './start-run.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
  await createAgent(owner(), { name: 'bot', ...agentConfigSchema.parse({}) })
  for (const description of ['second', 'third']) {
    await createAgentVersion(owner(), 'bot', agentConfigSchema.parse({ description }))
  }
})
afterAll(() => on.close())

const owner = () => on.caller(on.acme)
const input = { agent: 'bot', message: 'hello', environment: 'development', metadata: {} } as const

async function versionOf(caller: Caller, asked: Parameters<typeof startRun>[1]): Promise<number> {
  const { runId } = await startRun(caller, asked)
  return (await getRun(caller, runId)).version
}

test('a version that serves nowhere runs in development, and what serves there stays as it is', async () => {
  expect(await versionOf(owner(), { ...input, version: 2 })).toBe(2)
  expect(await versionOf(owner(), input)).toBe(1)
  expect(await getRelease(owner(), { agent: 'bot', environment: 'development' })).toMatchObject({ version: 1 })
  const forced = tenantPermissions.filter((permission) => permission !== 'releases:force')
  const unforced = setRelease(
    { ...owner(), permissions: new Set(forced) },
    { agent: 'bot', environment: 'staging', version: 2 },
  )
  await expect(unforced).rejects.toMatchObject({ message: expect.stringContaining('has not served in development') })
})

test('it runs in no other environment', async () => {
  const elsewhere = startRun(owner(), { ...input, environment: 'production', version: 2 })
  const fields = [{ field: 'body.version', message: expect.stringContaining('in development only') }]
  await expect(elsewhere).rejects.toMatchObject({ code: 'invalid_request', fields })
})

test('it takes part in no trial of a canary', async () => {
  await setRelease(owner(), {
    agent: 'bot',
    environment: 'development',
    version: 2,
    canary: { percent: 99 },
  })
  const { runId } = await startRun(owner(), { ...input, version: 3 })
  const [row] = await on.asSuperuser('select version, canary_id from agent_runs where id = $1', [runId])
  expect(row).toEqual({ version: 3, canary_id: null })
})

test('who does not make agents tries none, and a version that is not there is not found', async () => {
  const starter = { ...owner(), permissions: new Set(['runs:start', 'runs:read'] as const) }
  await expect(startRun(starter, { ...input, version: 2 })).rejects.toMatchObject({ code: 'permission_denied' })
  await expect(startRun(owner(), { ...input, version: 99 })).rejects.toMatchObject({ code: 'not_found' })
  const other = startRun(on.caller(on.globex), { ...input, version: 2 })
  await expect(other).rejects.toMatchObject({ code: 'not_found' })
})

test('a team tries versions of its own agents, and only uses what is shared with it', async () => {
  const team = (await createTeam(owner(), { name: 'makers' })).id
  const others = (await createTeam(owner(), { name: 'others' })).id
  await setOwner(owner(), { kind: 'agent', resource: 'bot' }, { teamId: team, sharedWith: [others] })
  expect(await versionOf({ ...owner(), teams: [team] }, { ...input, version: 3 })).toBe(3)
  const sharer = { ...owner(), teams: [others] }
  expect(await versionOf(sharer, input)).toBeLessThan(3)
  await expect(startRun(sharer, { ...input, version: 3 })).rejects.toMatchObject({ code: 'permission_denied' })
})
