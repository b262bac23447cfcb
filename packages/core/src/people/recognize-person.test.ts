import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recognizePerson } from './recognize-person.ts'

let platform: TestPlatform

beforeAll(async () => {
  platform = await createTestPlatform()
})
afterAll(() => platform.close())

test.each([
  ['Ada', 'Ada'],
  [' Ada\u202eretarepo\n', 'Adaretarepo'],
  ['\u200b', null],
  [null, null],
])('whoever an issuer calls %j is called %j', async (name, expected) => {
  const vouched = { issuer: 'https://id.example', subject: `who is ${name}`, email: null, emailVerified: false, name }
  expect(await recognizePerson(platform.database, vouched)).toMatchObject({ name: expected })
})
