import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readAgent } from './read-agent.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freehold-cli-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const latest = {
  name: 'bot',
  version: 3,
  createdAt: 'x',
  releases: {},
  model: 'demo',
  tools: ['calculate'],
  prompts: { system: 'old' },
}

it('changes only what was given of the latest version', async () => {
  expect(await readAgent('bot', { system: 'new' }, folder, latest)).toEqual({
    model: 'demo',
    tools: ['calculate'],
    prompts: { system: 'new' },
  })
})

it('takes what `agents show --json` printed, and options win over it', async () => {
  await writeFile(join(folder, 'bot.json'), JSON.stringify(latest))
  expect(await readAgent('bot', { file: 'bot.json', tools: 'a, b,' }, folder)).toEqual({
    model: 'demo',
    tools: ['a', 'b'],
    prompts: { system: 'old' },
  })
})

it('has no tools when their list is empty', async () => {
  expect(await readAgent('bot', { tools: '' }, folder)).toEqual({ tools: [] })
})

it.each([
  ['another agent', JSON.stringify(latest), 'describes the agent "bot", not "other"'],
  ['no JSON', '{', "can't be read as JSON"],
  ['no object', '[]', 'holds no JSON object'],
])('refuses a file that holds %s', async (_, text, message) => {
  await writeFile(join(folder, 'bot.json'), text)
  await expect(readAgent('other', { file: 'bot.json' }, folder)).rejects.toThrow(message)
})
