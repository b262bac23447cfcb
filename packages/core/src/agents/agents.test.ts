import { type AgentConfig, agentConfigSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { putConnection } from '../connections/connections.ts'
import { putSecret } from '../secrets/secrets.ts'
import { createTeam } from '../teams/teams.ts'
import { createAgent, createAgentVersion, getAgent } from './agents.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const config = (description: string) => agentConfigSchema.parse({ description })

test('a version that was made from one that is not the newest any more is refused, and undoes nothing', async () => {
  const owner = on.caller(on.acme)
  await createAgent(owner, { name: 'desk', ...config('first') })
  await createAgentVersion(owner, 'desk', { ...config('second'), basedOn: 1 })
  await expect(createAgentVersion(owner, 'desk', { ...config('third'), basedOn: 1 })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('was changed meanwhile: version 2 is the newest'),
  })
  expect(await getAgent(owner, 'desk')).toMatchObject({ version: 2, description: 'second' })
  expect(await createAgentVersion(owner, 'desk', { ...config('third'), basedOn: 2 })).toMatchObject({ version: 3 })
  expect(await createAgentVersion(owner, 'desk', config('fourth'))).toMatchObject({ version: 4 })
})

describe('a model whose provider is not known', () => {
  const withModels = (model: string, fallbackModels: string[] = []) =>
    agentConfigSchema.parse({ model, fallbackModels })

  test('is refused where it is saved, and told which there are', async () => {
    const owner = on.caller(on.acme)
    const refused = (field: string) => ({
      code: 'invalid_request',
      fields: [{ field, message: expect.stringMatching(/no provider "nope"; known: openai, .*connect "nope" first/) }],
    })
    const create = (given: AgentConfig) => createAgent(owner, { name: 'lost', ...given })
    await expect(create(withModels('nope/zzz'))).rejects.toMatchObject(refused('body.model'))
    await expect(create(withModels('default', ['openai/a', 'nope/zzz']))).rejects.toMatchObject(
      refused('body.fallbackModels.1'),
    )
    await createAgent(owner, { name: 'found', ...withModels('mistral/without-a-key-yet', ['demo']) })
    await expect(createAgentVersion(owner, 'found', withModels('nope/zzz'))).rejects.toMatchObject(
      refused('body.model'),
    )
  })

  test('is taken once the tenant has a connection to it, also by somebody who acts for a team', async () => {
    const owner = on.caller(on.acme)
    await putSecret(owner, 'own-key', { value: 'x' })
    const server = {
      kind: 'model_provider',
      secret: 'own-key',
      provider: 'own',
      baseUrl: 'https://own.example/v1',
    } as const
    await putConnection(owner, 'own-server', server)
    const { id } = await createTeam(owner, { name: 'models' })
    await createAgent({ ...owner, teams: [id] }, { name: 'of-own', ...withModels('own/any') })
    const other = createAgent(on.caller(on.globex), { name: 'of-own', ...withModels('own/any') })
    await expect(other).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
