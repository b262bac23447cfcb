import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { agentSamples, listAgentSamples } from './agent-samples.ts'
import { createAgent } from './agents.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const owner = () => on.caller(on.globex)

test('an agent can be created of every sample, as it is', async () => {
  const { items } = await listAgentSamples(owner())
  expect(items).toEqual(Object.values(agentSamples))
  for (const { name, config } of items.filter((sample) => sample.name !== 'assistant')) {
    expect(await createAgent(owner(), { name, ...config })).toMatchObject({ name, ...config, version: 1 })
  }
})

test('a sample whose tools or program are not there is left out', async () => {
  const { platform } = owner()
  const having = (catalogue: Partial<typeof platform.catalogue>): Caller => ({
    ...owner(),
    platform: { ...platform, catalogue: { ...platform.catalogue, ...catalogue } },
  })
  const namesOf = async (caller: Caller) => (await listAgentSamples(caller)).items.map(({ name }) => name)
  expect(await namesOf(having({ tools: [] }))).toEqual([])
  expect(await namesOf(having({ programs: ['assistant'] }))).not.toContain('planner')
})

test('who may not read agents sees no samples', async () => {
  const blind = listAgentSamples({ ...owner(), permissions: new Set(['runs:read']) })
  await expect(blind).rejects.toMatchObject({ code: 'permission_denied' })
})
