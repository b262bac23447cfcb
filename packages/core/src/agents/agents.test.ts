import { agentConfigSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
