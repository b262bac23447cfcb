import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createClient } from '@freehold/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharePlatform } from './command.fixture.ts'

const shared = sharePlatform({ FREEHOLD_EGRESS_ALLOW: '127.0.0.1' })
/** Where webhooks are delivered; what it gets. */
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
})
afterAll(async () => {
  receiver.close()
})

const freehold = (...args: string[]) => shared.run(args)

const idIn = (text: string) => /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(text)?.[0] ?? ''

describe('schedules', () => {
  const create = (...more: string[]) =>
    freehold('schedules', 'create', 'report', 'assistant', 'What is', '2+2?', ...more)
  let id: string

  it('are created and listed', async () => {
    expect((await freehold('schedules', 'list')).out).toContain('No schedules. Create one:')
    const times = ['--cron', '0 9 * * MON-FRI', '--time-zone', 'Europe/Berlin', '--metadata', 'team=north']
    const created = JSON.parse((await create(...times, '--json')).out)
    expect(created).toMatchObject({ message: 'What is 2+2?', metadata: { team: 'north' } })
    expect(created.nextTimes).toHaveLength(5)
    id = created.id
    expect((await freehold('schedules', 'list')).out).toMatch(new RegExp(`${id} +active .* assistant +report`))
  })

  it('are shown, paused and resumed', async () => {
    expect((await freehold('schedules', 'show', id)).out).toMatch(/times +0 9 \* \* MON-FRI Europe\/Berlin\n/)
    expect((await freehold('schedules', 'pause', id)).out).toMatch(/status +paused\n/)
    expect((await freehold('schedules', 'resume', id)).out).toMatch(/status +active\nnext +\d{4}-/)
  })

  it('are triggered and deleted', async () => {
    expect((await freehold('schedules', 'trigger', id)).out).toMatch(/runs watch [0-9a-f-]{36}\n$/)
    expect((await freehold('schedules', 'delete', id)).out).toMatch(/status +deleted\n/)
    expect((await freehold('schedules', 'show', id)).err).toContain('(not_found')
  })

  it('start a run at its time', async () => {
    const { url: server, tenants } = JSON.parse(await readFile(join(shared.dataDir, 'credentials.json'), 'utf8'))
    // Not by a command, which may take longer to start than the time is away.
    const client = createClient({ url: server, apiKey: Object.values<{ apiKey: string }>(tenants)[0]?.apiKey ?? '' })
    const at = new Date(Date.now() + 2_000).toISOString()
    const body = { name: 'soon', agent: 'assistant', message: 'What is 2+2?', at }
    const { id: soon } = await client.createSchedule({ body })
    let runId: string | null = null
    while (runId === null) runId = JSON.parse((await freehold('schedules', 'show', soon, '--json')).out).lastRunId
    const watched = await freehold('runs', 'watch', runId)
    expect(watched).toMatchObject({ code: 0, out: expect.stringContaining('2+2 = 4') })
  })

  it.each([
    ['no time at all', [], 'Give either --cron or --at.'],
    ['an unreadable time', ['--at', 'tomorrow'], '--at: "tomorrow" is no time.'],
    ['an unknown policy', ['--cron', '@daily', '--overlap', 'maybe'], 'overlap: '],
  ])('are refused with %s', async (_, options, words) => {
    expect(await create(...options)).toMatchObject({ code: 2, err: expect.stringContaining(words) })
  })
})

describe('webhooks', () => {
  const create = (to: string, events: string) => freehold('webhooks', 'create', to, '--events', events)
  let id: string

  it('are created, with a secret that is shown once, and listed', async () => {
    expect((await freehold('webhooks', 'list')).out).toContain('No webhooks. Create one:')
    const { out } = await create(url, 'run.failed,budget.warned')
    expect(out).toMatch(/shown this once:\nwhsec_[\w+/]{43}=\n$/)
    id = idIn(out)
    expect((await freehold('webhooks', 'show', id)).out).not.toContain('whsec_')
    expect((await freehold('webhooks', 'list')).out).toMatch(
      new RegExp(`${id} +active +run.failed, budget.warned +http`),
    )
  })

  it('are tested; with a new secret both sign', async () => {
    const tested = await freehold('webhooks', 'test', id)
    expect(tested).toMatchObject({ code: 0, out: expect.stringContaining('succeeded') })
    expect(signatures.at(-1)).toMatch(/^v1,\S+$/)
    expect((await freehold('webhooks', 'rotate', id)).out).toContain('whsec_')
    await freehold('webhooks', 'test', id)
    expect(signatures.at(-1)).toMatch(/^v1,\S+ v1,\S+$/)
  })

  it('show their deliveries among the runs of the system only', async () => {
    expect((await freehold('runs', 'list')).out).not.toContain('system:webhooks')
    expect((await freehold('runs', 'list', '--system')).out).toContain('system:webhooks')
  })

  it('are disabled, enabled and deleted', async () => {
    expect((await freehold('webhooks', 'disable', id)).out).toMatch(/status +disabled\nreason +Disabled by/)
    expect((await freehold('webhooks', 'enable', id)).out).toMatch(/status +active\n$/)
    expect((await freehold('webhooks', 'delete', id)).out).toMatch(/status +deleted\n/)
  })

  it('end a test with 3 when it can not be delivered, and say why', async () => {
    const { code, out } = await freehold('webhooks', 'test', idIn((await create(`${url}/gone`, 'run.failed')).out))
    expect(code).toBe(3)
    expect(out).toContain('answered 410 Gone, so the webhook was disabled. (delivery_failed)')
  })

  it.each([
    ['an unknown event', 'https://example.com', 'run.started', 'events.0: '],
    ['what is no URL', 'example.com', 'run.failed', 'url: use an http(s) URL'],
    ['a password in the URL', 'https://a:b@example.com', 'run.failed', 'url: leave user name and password'],
  ])('are refused with %s', async (_, to, events, words) => {
    expect(await create(to, events)).toMatchObject({ code: 2, err: expect.stringContaining(words) })
  })
})
