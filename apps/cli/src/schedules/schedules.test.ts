import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@freehold/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCommand, startPlatform } from '../command.fixture.ts'

let platform: Awaited<ReturnType<typeof startPlatform>>
let env: NodeJS.ProcessEnv
let dataDir: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'freehold-cli-'))
  env = { PATH: process.env.PATH, HOME: dataDir, FREEHOLD_DATA_DIR: dataDir }
  platform = await startPlatform(env)
})
afterAll(async () => {
  platform.child.kill('SIGTERM')
  await platform.ended
  await rm(dataDir, { recursive: true, force: true })
})

async function freehold(...args: string[]) {
  const started = startCommand(['schedules', ...args], env)
  const code = await started.ended
  return { code, out: started.stdout(), err: started.stderr() }
}

it('creates, lists, shows, pauses, resumes, triggers and deletes a schedule', async () => {
  expect((await freehold('list')).out).toContain('No schedules. Create one:')
  const times = ['--cron', '0 9 * * MON-FRI', '--time-zone', 'Europe/Berlin', '--metadata', 'team=north']
  const created = await freehold('create', 'morning report', 'assistant', 'What', 'is', '2+2?', ...times, '--json')
  const { id, message, metadata, nextTimes } = JSON.parse(created.out)
  expect({ message, metadata, next: nextTimes.length }).toEqual({
    message: 'What is 2+2?',
    metadata: { team: 'north' },
    next: 5,
  })
  expect((await freehold('list')).out).toMatch(new RegExp(`${id} +active .* assistant +morning report`))
  expect((await freehold('show', id)).out).toMatch(/times +0 9 \* \* MON-FRI Europe\/Berlin\n/)
  expect((await freehold('pause', id)).out).toMatch(/status +paused\n/)
  expect((await freehold('resume', id)).out).toMatch(/status +active\nnext +\d{4}-/)
  expect((await freehold('trigger', id)).out).toMatch(/runs watch [0-9a-f-]{36}\n$/)
  expect((await freehold('delete', id)).out).toMatch(/status +deleted\n/)
  expect(await freehold('show', id)).toMatchObject({ code: 1, err: expect.stringContaining('(not_found') })
})

it('starts a run at its time', async () => {
  const { url, tenants } = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'))
  // Not by a command, which may take longer to start than the time is away.
  const client = createClient({ url, apiKey: Object.values<{ apiKey: string }>(tenants)[0]?.apiKey ?? '' })
  const at = new Date(Date.now() + 2_000).toISOString()
  const { id } = await client.createSchedule({
    body: { name: 'soon', agent: 'assistant', message: 'What is 2+2?', at },
  })
  let runId: string | null = null
  while (runId === null) runId = JSON.parse((await freehold('show', id, '--json')).out).lastRunId
  const watched = startCommand(['runs', 'watch', runId], env)
  expect(await watched.ended).toBe(0)
  expect(watched.stdout()).toContain('2+2 = 4')
})

it.each([
  ['no time at all', [], 1, 'body.cron: give a cron expression'],
  ['an unreadable time', ['--at', 'tomorrow'], 2, '--at: "tomorrow" is no time.'],
  ['an unknown policy', ['--cron', '@daily', '--overlap', 'maybe'], 2, 'overlap: '],
])('refuses %s', async (_, options, code, words) => {
  const { err, ...rest } = await freehold('create', 'refused', 'assistant', 'hi', ...options)
  expect(rest.code).toBe(code)
  expect(err).toContain(words)
})
