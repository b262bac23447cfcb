import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { operations, type Run } from '@freehold/contracts'
import { createTransitVault } from '@freehold/core'
import { defineTool } from '@freehold/runtime'
import {
  createTestPlatform,
  findOpenBao,
  type OpenBaoServer,
  type PostgresServer,
  startOpenBao,
  startPostgres,
  type TestPlatform,
  type TestPlatformOptions,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const plant = (what: string) => `canary-${what}-${randomBytes(12).toString('hex')}"+/`
const canaries = {
  replaced: plant('replaced'),
  providerKey: plant('provider-key'),
  httpValue: plant('http-value'),
  refused: plant('refused'),
}

const binary = findOpenBao()
let postgres: PostgresServer
let on: TestPlatform
/** A model provider, and a host for tools, that quote every credential they get. */
let outside: Server
let origin: string
const arrived: { path: string; authorization: string | undefined }[] = []
/** Everything that the api answered. */
const answers: string[] = []

/** A platform with the planted values in a vault, and agents that use them. */
async function plantIn(vault?: TestPlatformOptions['vault']): Promise<void> {
  arrived.length = 0
  answers.length = 0
  outside = createServer(answerLoosely)
  await once(outside.listen(0, '127.0.0.1'), 'listening')
  origin = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`
  postgres = await startPostgres()
  on = await createTestPlatform({
    databaseUrl: await postgres.createDatabase({ migrate: true }),
    egressAllow: '127.0.0.1',
    worker: true,
    tools: [throwingTool],
    ...(vault && { vault }),
  })
  await ask('PUT', '/secrets/provider-key', { value: canaries.replaced })
  await ask('PUT', '/secrets/provider-key', { value: canaries.providerKey })
  await ask('PUT', '/secrets/host-token', { value: canaries.httpValue })
  for (const provider of ['good', 'refusing', 'broken']) {
    const body = { kind: 'model_provider', provider, secret: 'provider-key', baseUrl: `${origin}/${provider}/v1` }
    await ask('PUT', `/connections/${provider}`, body)
  }
  await ask('PUT', '/connections/host', { kind: 'http', secret: 'host-token', origin })
  for (const provider of ['good', 'refusing', 'broken']) {
    const agent = { name: provider, model: `${provider}/model`, tools: ['http_request', throwingTool.name] }
    await ask('POST', '/agents', { ...agent, limits: { maxAttempts: 1 } }, { 'idempotency-key': provider })
  }
}

async function close(): Promise<void> {
  await on.close()
  outside.close()
  await postgres.stop()
}

/** An operator's tool that tells in its error what it was given. */
const throwingTool = defineTool({
  name: 'throwing',
  description: 'Fails.',
  input: z.strictObject({ url: z.string() }),
  output: z.string(),
  risk: 'low',
  idempotent: true,
  handler: async ({ url }, { openConnection, signal }) => {
    const fetch = await openConnection('host')
    const { body } = await fetch({ url, method: 'GET', headers: {}, signal, maxResponseBytes: 10_000 })
    throw new Error(`the host said ${body}`)
  },
})

async function ask(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
  const answer = await on.request(on.acme.key, method, `/api/v1${path}`, body, headers)
  answers.push(answer.text, JSON.stringify([...answer.headers]))
  return answer
}

async function run(agent: string): Promise<Run> {
  const started = await ask('POST', `/agents/${agent}/runs?wait=30`, { message: `the words of ${agent}` })
  return started.body as Run
}

async function answerLoosely(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { authorization } = request.headers
  const path = request.url ?? ''
  arrived.push({ path, authorization })
  const body = await text(request)
  const json = (status: number, answer: unknown, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(answer))
  if (path.startsWith('/good/')) return answerAsModel(response, JSON.parse(body))
  if (path.startsWith('/refusing/'))
    return void json(401, { error: { message: `Incorrect API key: ${authorization}` } })
  if (path.startsWith('/broken/')) return void json(500, { error: { message: `crashed with ${authorization}` } })
  if (path.startsWith('/hang-up')) return void request.socket.destroy()
  if (path.startsWith('/redirect')) {
    return void response.writeHead(302, { location: `/echo?token=${encodeURIComponent(authorization ?? '')}` }).end()
  }
  json(200, { headers: request.headers, base64: btoa(canaries.httpValue) }, { 'x-request-id': canaries.httpValue })
}

/** Calls tools one after the other, then says that it is done. */
function answerAsModel(response: ServerResponse, { messages }: { messages: { role: string }[] }): void {
  const calls = [
    ['http_request', { url: `${origin}/echo`, connection: 'host' }],
    ['http_request', { url: `${origin}/redirect`, connection: 'host' }],
    ['http_request', { url: `${origin}/hang-up`, connection: 'host' }],
    ['http_request', { url: 'http://localhost:1/', connection: 'host' }],
    ['http_request', { url: `${origin}/echo`, connection: 'no-such-connection' }],
    ['http_request', { url: `${origin}/echo`, connection: 'good' }],
    [throwingTool.name, { url: `${origin}/echo` }],
  ] as const
  const done = messages.filter(({ role }) => role === 'tool').length
  const [name, input] = calls[done] ?? []
  const delta = name
    ? {
        tool_calls: [
          { index: 0, id: `c${done}`, type: 'function', function: { name, arguments: JSON.stringify(input) } },
        ],
      }
    : { content: 'done' }
  const chunk = (choice: object) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 0, model: 'm', choices: [{ index: 0, ...choice }] })}\n\n`
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(chunk({ delta: { role: 'assistant', ...delta } }))
  response.end(`${chunk({ delta: {}, finish_reason: name ? 'tool_calls' : 'stop' })}data: [DONE]\n\n`)
}

/** Every row of every table, as a superuser reads it; bytes as hex, and as the text that they may be. */
async function dump(): Promise<string> {
  const tables = await on.asSuperuser<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`,
  )
  const rows: string[] = []
  for (const { name } of tables) {
    const found = await on.asSuperuser<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t`)
    rows.push(...found.map(({ row }) => row))
  }
  const bytes = rows.flatMap((row) => row.match(/\\\\x[0-9a-f]+/g) ?? [])
  return [...rows, ...bytes.map((hex) => Buffer.from(hex.slice(3), 'hex').toString('latin1'))].join('\n')
}

/** In each spelling that something on the way may have given it. */
function spellings(value: string): string[] {
  const core = value.slice(0, -3)
  return [core, Buffer.from(core).toString('hex'), Buffer.from(core).toString('base64').replace(/=+$/, '').slice(0, -2)]
}

describe('planted secrets', () => {
  beforeAll(() => plantIn())
  afterAll(close)
  describePlanted()
})

describe.skipIf(binary === undefined)("planted secrets under OpenBao's keys", () => {
  let server: OpenBaoServer
  beforeAll(async () => {
    server = await startOpenBao(binary ?? '')
    const access = { url: server.url, mount: 'transit', readToken: async () => server.token }
    await plantIn((database) => createTransitVault(database, { ...access, keyPrefix: 'freehold' }))
  })
  afterAll(async () => {
    await close()
    await server[Symbol.asyncDispose]()
  })
  describePlanted()
})

function describePlanted(): void {
  test('do their work: the provider and the host get them, and nobody else', async () => {
    expect(await run('good')).toMatchObject({ status: 'succeeded', output: 'done' })
    expect(await run('refusing')).toMatchObject({ status: 'failed', error: { code: 'model_failed' } })
    expect(await run('broken')).toMatchObject({ status: 'failed', error: { code: 'model_failed' } })
    const sent = (start: string) =>
      new Set(arrived.filter(({ path }) => path.startsWith(start)).map((each) => each.authorization))
    for (const path of ['/good', '/refusing', '/broken'])
      expect(sent(path)).toEqual(new Set([`Bearer ${canaries.providerKey}`]))
    for (const path of ['/echo?', '/redirect', '/hang-up'])
      expect(sent(path)).toEqual(new Set([`Bearer ${canaries.httpValue}`]))
  })

  test('a refused key names the connection to repair', async () => {
    const { error } = await run('refusing')
    expect(error?.message).toContain('refused the key (401): check the secret of the connection "refusing"')
  })

  test('requests that fail do not quote what they were given', async () => {
    const json = { 'content-type': 'application/json' }
    await ask('PUT', '/secrets/other', `{"value": ${canaries.refused}`, json)
    await ask('PUT', '/secrets/other', { value: canaries.refused, more: 1 })
    await ask('PUT', '/secrets/other', { value: [canaries.refused] })
    await ask('PUT', '/secrets/other', { value: canaries.refused.repeat(2_000) })
    await ask('PUT', '/secrets/Not-A-Name', { value: canaries.refused })
    const statuses = answers.filter((text) => text.includes('"status":400'))
    expect(statuses).toHaveLength(5)
  })

  test('are nowhere in the answers of the api, the logs and the database', async () => {
    const runs = await ask('GET', '/runs')
    const { items } = z.object({ items: z.array(z.object({ id: z.string(), threadId: z.string() })) }).parse(runs.body)
    for (const { id, threadId } of items) {
      for (const path of [`/runs/${id}`, `/runs/${id}/events`, `/threads/${threadId}/messages`]) await ask('GET', path)
    }
    const lists = Object.values(operations).filter(({ method, path }) => method === 'get' && !path.includes('{'))
    for (const { path } of lists) await ask('GET', path)
    for (const name of ['provider-key', 'host-token']) await ask('GET', `/secrets/${name}`)
    await ask('DELETE', '/connections/host')
    await ask('DELETE', '/secrets/host-token')

    const places = { answers: answers.join('\n'), logs: on.logs.join('\n'), database: await dump() }
    const found = Object.entries(places).flatMap(([where, haystack]) =>
      Object.entries(canaries).flatMap(([name, value]) =>
        spellings(value).some((spelling) => haystack.includes(spelling)) ? [`${name} in ${where}`] : [],
      ),
    )
    expect(found).toEqual([])
    // The search finds what is there. Not by toContain, which would print all of it.
    const planted = [places.answers, places.database].map((text) => text.includes('the words of good'))
    expect([...planted, places.answers.includes('[redacted]'), places.logs.includes('tool failed')]).not.toContain(
      false,
    )
  })
}
