import { expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)

it('usage is summed up by agent, and by nothing that is no group', async () => {
  await freehold('run', 'assistant', 'What is 17% of 2340?')
  const summed = await freehold('usage', '--by', 'agent')
  expect(summed).toMatchObject({ code: 0, err: '' })
  expect(summed.out).toMatch(/AGENT\n.*assistant\n\d+ model calls?, \$0\n$/)
  expect(await freehold('usage', '--by', 'weather')).toMatchObject({ code: 2 })
})
