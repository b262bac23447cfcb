import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defineProgram, type ProgramRun } from '../index.ts'

let on: TestPlatform
let execute: (run: ProgramRun) => Promise<unknown>
const client = () => on.client(on.acme.key)

beforeAll(async () => {
  on = await createTestPlatform({ programs: [defineProgram('scripted', (run) => execute(run))], worker: true })
  await client().createAgent({ body: { name: 'asker', program: 'scripted' } })
})
afterAll(() => on.close())

const run = (threadId: string) =>
  client().startRun({ params: { name: 'asker' }, query: { wait: 60 }, body: { message: 'go', threadId } })

it('a run that is called again decides by the answer in its journal, though the flag has changed', async () => {
  await client().putFlag({ params: { name: 'new-prompt' }, body: {} })
  const answers: unknown[] = []
  execute = async (asked) => {
    answers.push(await asked.flag('new-prompt', false))
    if (answers.length === 1) {
      await client().putFlag({ params: { name: 'new-prompt' }, body: { enabled: false } })
    }
    await asked.sleep(1)
    return { decided: answers.at(-1) }
  }
  expect(await run('any-thread')).toMatchObject({ status: 'succeeded', output: { decided: true } })
  expect(answers).toEqual([true, true])
})

it('a flag goes by the thread, and what is not there is the fallback', async () => {
  await client().putFlag({
    params: { name: 'greeting' },
    body: {
      type: 'string',
      variants: { mine: 'Hello thread', theirs: 'Hello' },
      rules: [
        {
          when: [{ attribute: 'targetingKey', values: ['thread-of-mine'] }],
          serve: [{ variant: 'mine', percent: 100 }],
        },
      ],
      serve: [{ variant: 'theirs', percent: 100 }],
    },
  })
  execute = async (asked) => [
    await asked.flag('greeting', 'none'),
    await asked.flag('missing', 7),
    await asked.flag('greeting', 7),
  ]
  expect(await run('thread-of-mine')).toMatchObject({ status: 'succeeded', output: ['Hello thread', 7, 7] })
})
