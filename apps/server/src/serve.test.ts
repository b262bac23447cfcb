import { execFile } from 'node:child_process'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createClient, type RunEvent, type TextDelta } from '@freehold/contracts'
import {
  asSuperuser,
  findFreePort,
  type PostgresServer,
  readResponse,
  type ServerProcess,
  spawnServer,
  startPostgres,
  waitFor,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

const main = join(import.meta.dirname, 'main.ts')
const run = promisify(execFile)

let postgres: PostgresServer
let databaseUrl: string
let credentials: Awaited<ReturnType<ServerProcess['credentials']>>
let gateway: ServerProcess
let api: ServerProcess
let worker: ServerProcess
let keys: { privateKey: string; publicKey: string; secretKey: string }
const everyLog: (() => string)[] = []

/** What `keygen` prints, as a shell would take it. */
async function generateKeys(): Promise<typeof keys> {
  const { stdout } = await run(process.execPath, [main, 'keygen'])
  const readValue = (name: string) => new RegExp(`^${name}='(.*)'$`, 'm').exec(stdout)?.[1] ?? ''
  return {
    privateKey: readValue('FREEHOLD_SERVICE_KEY'),
    publicKey: readValue('FREEHOLD_SERVICE_PUBLIC_KEY'),
    secretKey: readValue('FREEHOLD_SECRET_KEY'),
  }
}

async function start(target: string, env: Record<string, string>, dataDir?: string): Promise<ServerProcess> {
  const server = await spawnServer({ target, env, ...(dataDir !== undefined && { dataDir }) })
  everyLog.push(() => server.logs())
  return server
}

const shared = () => ({ DATABASE_URL: databaseUrl, FREEHOLD_SECRET_KEY: keys.secretKey })
// It takes an address that the workers, to which the operator opened nothing, refuse.
const startApi = () =>
  start('api', { ...shared(), FREEHOLD_SERVICE_PUBLIC_KEY: keys.publicKey, FREEHOLD_EGRESS_ALLOW: '127.0.0.1:1' })
const startWorker = (env: Record<string, string> = {}) => start('worker', { ...shared(), ...env })

beforeAll(async () => {
  postgres = await startPostgres()
  databaseUrl = await postgres.createDatabase()
  const [made, migration] = await Promise.all([generateKeys(), start('migrate', { DATABASE_URL: databaseUrl })])
  keys = made
  await migration.exited()
  credentials = await migration.credentials()
  await migration[Symbol.asyncDispose]()
  api = await startApi()
  worker = await startWorker()
  // No database, no provider key, no data folder of another target.
  gateway = await start('gateway', { FREEHOLD_API_URL: api.url, FREEHOLD_SERVICE_KEY: keys.privateKey })
  await Promise.all([api.ready(), worker.ready(), gateway.ready()])
})

afterAll(async () => {
  for (const server of [gateway, worker, api]) await server?.[Symbol.asyncDispose]()
  await postgres.stop()
})

const acmeKey = () => credentials.tenants.acme?.apiKey ?? ''
const acme = () => createClient({ url: gateway.url, apiKey: acmeKey() })
const assistant = { name: 'assistant' }

function ask(url: string, path: string, init: RequestInit & { headers?: Record<string, string> } = {}) {
  const headers = { authorization: `Bearer ${acmeKey()}`, ...init.headers }
  return fetch(`${url}${path}`, { ...init, headers }).then(readResponse)
}

describe('gateway, api and worker as processes of their own', () => {
  test('run an agent, and ?wait holds the answer until it ended', async () => {
    const ended = await acme().startRun({
      params: assistant,
      query: { wait: 20 },
      body: { message: 'What is 17% of 2340?' },
    })
    expect(ended).toMatchObject({ status: 'succeeded', agent: 'assistant' })
    expect(JSON.stringify(ended.output)).toContain('397.8')
  })

  test('stream the journal and the live text of a run', async () => {
    const started = await acme().startRun({ params: assistant, body: { message: 'Tell me about yourself.' } })
    const seen: (RunEvent | TextDelta)[] = []
    for await (const event of acme().watchRun(started.id)) seen.push(event)
    const journal = seen.filter((event) => 'seq' in event)
    expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1))
    expect(journal.at(-1)?.type).toBe('run.succeeded')
  })

  test('stream a run over AG-UI', async () => {
    const messages = [{ id: '1', role: 'user', content: 'hello' }]
    const input = { threadId: 't', runId: 'r', messages, state: {}, tools: [], context: [], forwardedProps: {} }
    const headers = { 'content-type': 'application/json' }
    const { status, text } = await ask(gateway.url, '/agui/assistant', {
      method: 'POST',
      headers,
      body: JSON.stringify(input),
    })
    expect(status).toBe(200)
    expect(text).toContain('RUN_FINISHED')
  })

  test('log one request under one id', async () => {
    const headers = { 'x-request-id': 'through-all-three', 'content-type': 'application/json' }
    const body = JSON.stringify({ message: 'hello' })
    const answer = await ask(gateway.url, '/api/v1/agents/assistant/runs?wait=20', { method: 'POST', headers, body })
    expect(answer.headers.get('x-request-id')).toBe('through-all-three')
    for (const server of [gateway, api, worker]) {
      const logged = () => server.logEntries().some(({ requestId }) => requestId === 'through-all-three')
      await waitFor(logged, { what: `the request id in the log of ${server.url}` })
    }
  })

  test('a worker can read the secret of a webhook that the api stored', async () => {
    const { id } = await acme().createWebhook({ body: { url: 'http://127.0.0.1:1/', events: ['run.failed'] } })
    const delivery = await acme().testWebhook({ params: { id } })
    for await (const _ of acme().watchRun(delivery.id));
    const { error } = await acme().getRun({ params: { id: delivery.id } })
    // The guard refuses the address after the secret was read.
    expect(error).toMatchObject({ code: 'delivery_failed', message: expect.stringContaining('127.0.0.1') })
  })

  test('the api takes no API key', async () => {
    for (const path of ['/api/v1/agents', '/api/v1/nothing', '/agui/assistant', '/internal/identify']) {
      expect(await ask(api.url, path), path).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    }
  })

  test('a gateway with another key is refused by the api', async () => {
    const { privateKey } = await generateKeys()
    await using other = await start('gateway', { FREEHOLD_API_URL: api.url, FREEHOLD_SERVICE_KEY: privateKey })
    await other.ready()
    expect((await ask(other.url, '/api/v1/whoami')).status).toBe(401)
  })

  test('a gateway without its api is alive, not ready, and says so', async () => {
    const nowhere = `http://127.0.0.1:${await findFreePort()}`
    await using lonely = await start('gateway', { FREEHOLD_API_URL: nowhere, FREEHOLD_SERVICE_KEY: keys.privateKey })
    await waitFor(
      () =>
        ask(lonely.url, '/health').then(
          ({ status }) => status === 200,
          () => false,
        ),
      { timeoutMs: 20_000 },
    )
    expect((await ask(lonely.url, '/ready')).status).toBe(503)
    const answer = await ask(lonely.url, '/api/v1/whoami')
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', retryable: true } })
    expect(answer.headers.get('retry-after')).toBe('2')
  })

  test.each([
    ['a header', '/api/v1/whoami', { 'x-large': 'x'.repeat(40_000) }],
    ['a path', `/api/v1/agents/${'x'.repeat(40_000)}`, {}],
  ] as const)('%s of 40 kB is refused, and the gateway goes on', async (_, path, headers) => {
    const status = await ask(gateway.url, path, { headers }).then(
      (answer) => answer.status,
      () => 'cut off',
    )
    expect([400, 404, 414, 431, 'cut off']).toContain(status)
    expect((await ask(gateway.url, '/api/v1/whoami')).status).toBe(200)
  })
})

/** A request whose answer is still to come. */
function open(url: string, method: string, path: string, headers: Record<string, string>, body?: string) {
  const arrived = Promise.withResolvers<{ response: IncomingMessage; text: Promise<string> }>()
  const sent = httpRequest(`${url}${path}`, { method, headers: { authorization: `Bearer ${acmeKey()}`, ...headers } })
  sent.on('response', (response) => {
    response.setEncoding('utf8')
    const text = (async () => {
      let all = ''
      for await (const chunk of response) all += chunk
      return all
    })()
    arrived.resolve({ response, text })
  })
  sent.on('error', arrived.reject)
  sent.end(body)
  return arrived.promise
}

const statusOf = async (runId: string) =>
  (await asSuperuser<{ status: string }>(databaseUrl, 'select status from agent_runs where id = $1', [runId]))[0]
    ?.status

/** A model server that holds every request until the client goes away. */
async function startSilentModel() {
  const asked = Promise.withResolvers<void>()
  const server = createServer(() => asked.resolve())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}/v1`, asked: asked.promise, [Symbol.asyncDispose]: close }
}

describe('SIGTERM', () => {
  test('all in one process: what waits is answered, streams end, leases are given back, exit code 0', async () => {
    await using model = await startSilentModel()
    const url = await postgres.createDatabase({ migrate: true })
    await using all = await start('all', {
      DATABASE_URL: url,
      FREEHOLD_SHUTDOWN_GRACE_MS: '300',
      FREEHOLD_MODEL_SERVERS: `silent=${model.url}`,
      FREEHOLD_DEFAULT_MODEL: 'silent/model',
    })
    await all.ready()
    const { apiKey } = (await all.credentials()).tenants.acme ?? { apiKey: '' }
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ message: 'hello', metadata: { which: 'waits' } })
    const waiting = open(all.url, 'POST', '/api/v1/agents/assistant/runs?wait=60', headers, body)
    await model.asked
    const [held] = await asSuperuser<{ id: string }>(url, 'select id from agent_runs')
    const path = `/api/v1/runs/${held?.id}/events`
    const stream = await open(all.url, 'GET', path, { ...headers, accept: 'text/event-stream' })
    const startedAt = performance.now()
    await all.kill('SIGTERM')
    expect(performance.now() - startedAt).toBeLessThan(8_000)
    expect(all.exitCode(), all.logs()).toBe(0)
    const { response, text } = await waiting
    expect(response.statusCode).toBe(202)
    expect(JSON.parse(await text)).toMatchObject({ id: held?.id })
    expect(await stream.text).toContain('event: run.started')
    expect(await asSuperuser(url, 'select status, worker from agent_runs')).toEqual([
      { status: 'queued', worker: null },
    ])
  })

  test('all in one process takes nothing new and ends its streams at once, while its runs go on', async () => {
    await using model = await startSilentModel()
    const url = await postgres.createDatabase({ migrate: true })
    await using all = await start('all', {
      DATABASE_URL: url,
      FREEHOLD_SHUTDOWN_GRACE_MS: '8000',
      FREEHOLD_MODEL_SERVERS: `silent=${model.url}`,
      FREEHOLD_DEFAULT_MODEL: 'silent/model',
    })
    await all.ready()
    const { apiKey } = (await all.credentials()).tenants.acme ?? { apiKey: '' }
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ message: 'hello' })
    const run = await ask(all.url, '/api/v1/agents/assistant/runs', { method: 'POST', headers, body })
    await model.asked
    const path = `/api/v1/runs/${z.object({ id: z.string() }).parse(run.body).id}/events`
    const stream = await open(all.url, 'GET', path, { ...headers, accept: 'text/event-stream' })
    const gone = all.kill('SIGTERM')
    await stream.text
    expect(await asSuperuser(url, 'select status from agent_runs')).toEqual([{ status: 'running' }])
    const refused = await ask(all.url, '/api/v1/agents/assistant/runs', { method: 'POST', headers, body })
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable', retryable: true } })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await ask(all.url, '/ready')).status).toBe(503)
    expect((await ask(all.url, '/health')).status).toBe(200)
    await gone
    expect(all.exitCode(), all.logs()).toBe(0)
    expect(await asSuperuser(url, 'select status from agent_runs')).toEqual([{ status: 'queued' }])
  })

  test('a worker that is alone lets its runs finish within the grace', async () => {
    const started = await acme().startRun({ params: assistant, body: { message: 'hello' } })
    await using second = await startWorker({ FREEHOLD_SHUTDOWN_GRACE_MS: '5000' })
    await second.ready()
    await second.kill('SIGTERM')
    expect(second.exitCode()).toBe(0)
    await waitFor(async () => (await statusOf(started.id)) === 'succeeded', { what: 'the run to end' })
  })

  test('a gateway with an open stream ends it and exits with 0', async () => {
    await using second = await start('gateway', {
      FREEHOLD_API_URL: api.url,
      FREEHOLD_SERVICE_KEY: keys.privateKey,
      FREEHOLD_SHUTDOWN_GRACE_MS: '300',
    })
    await second.ready()
    await worker.kill('SIGSTOP')
    try {
      const started = await acme().startRun({ params: assistant, body: { message: 'hello' } })
      const path = `/api/v1/runs/${started.id}/events`
      const stream = await open(second.url, 'GET', path, { accept: 'text/event-stream' })
      const startedAt = performance.now()
      const gone = second.kill('SIGTERM')
      await stream.text.catch(() => '')
      await gone
      expect(performance.now() - startedAt).toBeLessThan(8_000)
      expect(second.exitCode(), second.logs()).toBe(0)
    } finally {
      await worker.kill('SIGCONT')
    }
  })
})

/** Starts a server that must not come up, and returns what it says. */
async function refusal(env: Record<string, string>, target = 'all'): Promise<string> {
  await using server = await start(target, env)
  await server.exited()
  expect(server.exitCode()).toBe(1)
  return server.logs()
}

describe('a start that can not work says why', () => {
  test('every problem of the configuration at once, without the values', async () => {
    const said = await refusal({
      PORT: 'eighty',
      DATABASE_URL: 'mysql://root:hidden-password@localhost/x',
      FREEHOLD_OPERATOR_KEY: 'fho_too-short-to-show',
      FREEHOLD_LEASE_MS: '1',
      FREEHOLD_SAMPLES: 'maybe',
      FREEHOLD_EGRESS_ALLOW: 'not a rule',
    })
    for (const name of [
      'PORT',
      'DATABASE_URL',
      'FREEHOLD_OPERATOR_KEY',
      'FREEHOLD_LEASE_MS',
      'FREEHOLD_SAMPLES',
      'FREEHOLD_EGRESS_ALLOW',
    ]) {
      expect(said).toContain(name)
    }
    expect(said).not.toContain('hidden-password')
    expect(said).not.toContain('too-short-to-show')
    expect(said).not.toMatch(/\bat .*\.ts:\d+/)
  })

  test('a gateway without the address of its api', async () => {
    expect(await refusal({}, 'gateway')).toContain('FREEHOLD_API_URL: the gateway needs the address of the api')
  })

  test('a target that does not exist', async () => {
    expect(await refusal({}, 'everything')).toContain('There is no target "everything"')
  })

  test('a port that is taken', async () => {
    const port = new URL(gateway.url).port
    const said = await refusal(
      { PORT: port, FREEHOLD_API_URL: api.url, FREEHOLD_SERVICE_KEY: keys.privateKey },
      'gateway',
    )
    expect(said).toContain(`Port ${port} on 127.0.0.1 is taken. Set PORT to another one.`)
  })

  test.each(['api', 'worker'])('the %s on a database that nobody migrated', async (target) => {
    const said = await refusal({ DATABASE_URL: await postgres.createDatabase() }, target)
    expect(said).toMatch(/lacks 0001_roles\.sql.*--target=migrate/)
  })

  test('a service key that is none, without showing it', async () => {
    const said = await refusal({ FREEHOLD_API_URL: api.url, FREEHOLD_SERVICE_KEY: 'secret-but-no-jwk' }, 'gateway')
    expect(said).toContain('FREEHOLD_SERVICE_KEY')
    expect(said).not.toContain('secret-but-no-jwk')
  })

  test('a database that is not there', async () => {
    const port = await findFreePort()
    const said = await refusal({ DATABASE_URL: `postgres://me:hidden-password@127.0.0.1:${port}/x` }, 'api')
    expect(said).toContain('The database can not be reached')
    expect(said).not.toContain('hidden-password')
  })
})

// Last: it takes the database away.
describe('when the database goes away', () => {
  test('the api stays alive, is not ready, and answers 503 without saying where the database is', async () => {
    await postgres.stop()
    await waitFor(async () => (await ask(gateway.url, '/ready')).status === 503, { what: 'not to be ready' })
    expect((await ask(api.url, '/health')).status).toBe(200)
    expect((await ask(worker.url, '/health')).status).toBe(200)
    expect((await ask(worker.url, '/ready')).status).toBe(503)
    const answer = await ask(gateway.url, '/api/v1/agents')
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', retryable: true } })
    expect(answer.text).not.toMatch(/127\.0\.0\.1|postgres/)
  })

  test('no process has logged a key, a token or the password of the database', () => {
    const text = everyLog.map((read) => read()).join('\n')
    expect(text.length).toBeGreaterThan(1_000)
    const { d } = JSON.parse(keys.privateKey)
    const secrets = [credentials.operatorKey, ...Object.values(credentials.tenants).map(({ apiKey }) => apiKey)]
    for (const secret of [...secrets, d, 'postgres:postgres@', 'eyJ']) expect(text).not.toContain(secret)
  })
})
