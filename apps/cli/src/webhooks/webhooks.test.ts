import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startCommand, startPlatform } from '../command.fixture.ts'

let platform: Awaited<ReturnType<typeof startPlatform>>
let env: NodeJS.ProcessEnv
let dataDir: string
let receiver: Server
let url: string
const signatures: unknown[] = []

beforeAll(async () => {
  receiver = createServer((request, response) => {
    signatures.push(request.headers['webhook-signature'])
    response.writeHead(request.url === '/gone' ? 410 : 204).end()
  })
  await once(receiver.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  dataDir = await mkdtemp(join(tmpdir(), 'freehold-cli-'))
  env = { PATH: process.env.PATH, HOME: dataDir, FREEHOLD_DATA_DIR: dataDir }
  platform = await startPlatform({ ...env, FREEHOLD_EGRESS_ALLOW: '127.0.0.1' })
})
afterAll(async () => {
  platform.child.kill('SIGTERM')
  await platform.ended
  receiver.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function freehold(...args: string[]) {
  const started = startCommand(args, env)
  const code = await started.ended
  return { code, out: started.stdout(), err: started.stderr() }
}

async function create(path: string): Promise<string> {
  const created = await freehold('webhooks', 'create', url + path, '--events', 'run.failed', '--json')
  return JSON.parse(created.out).id
}

it('creates, tests, rotates, disables, enables and deletes a webhook', async () => {
  expect((await freehold('webhooks', 'list')).out).toContain('No webhooks. Create one:')
  const created = await freehold('webhooks', 'create', url, '--events', 'run.failed,budget.warned')
  expect(created.out).toMatch(/shown this once:\nwhsec_[\w+/]{43}=\n$/)
  const [id = ''] = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(created.out) ?? []
  expect((await freehold('webhooks', 'show', id)).out).not.toContain('whsec_')
  const tested = await freehold('webhooks', 'test', id)
  expect(tested).toMatchObject({ code: 0, out: expect.stringContaining('succeeded') })
  expect(signatures.at(-1)).toMatch(/^v1,\S+$/)
  expect((await freehold('webhooks', 'rotate', id)).out).toContain('whsec_')
  await freehold('webhooks', 'test', id)
  expect(signatures.at(-1)).toMatch(/^v1,\S+ v1,\S+$/)
  expect((await freehold('runs', 'list')).out).toContain('No runs.')
  expect((await freehold('runs', 'list', '--system')).out).toContain('system:webhooks')
  expect((await freehold('webhooks', 'disable', id)).out).toMatch(/status +disabled\nreason +Disabled by/)
  expect((await freehold('webhooks', 'enable', id)).out).toMatch(/status +active\n$/)
  expect((await freehold('webhooks', 'list')).out).toMatch(new RegExp(`${id} +active +run.failed, budget.warned +http`))
  expect((await freehold('webhooks', 'delete', id)).out).toMatch(/status +deleted\n/)
})

it('ends with 3 when a test event can not be delivered, and says why', async () => {
  const { code, out } = await freehold('webhooks', 'test', await create('/gone'))
  expect(code).toBe(3)
  expect(out).toContain('answered 410 Gone, so the webhook was disabled. (delivery_failed)')
})

it.each([
  ['an unknown event', ['https://example.com', '--events', 'run.started'], 'events.0: '],
  ['what is no URL', ['example.com', '--events', 'run.failed'], 'url: use an http(s) URL'],
  ['a password in the URL', ['https://a:b@example.com', '--events', 'run.failed'], 'url: leave user name and password'],
])('refuses %s', async (_, args, words) => {
  expect(await freehold('webhooks', 'create', ...args)).toMatchObject({ code: 2, err: expect.stringContaining(words) })
})
