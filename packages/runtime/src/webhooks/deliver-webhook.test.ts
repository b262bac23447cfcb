import type { IncomingHttpHeaders } from 'node:http'
import { createWebhookSchema, type RunEvent, type WebhookWithSecret } from '@freehold/contracts'
import {
  type Caller,
  createWebhook,
  deleteWebhook,
  getWebhook,
  listAgents,
  listRuns,
  listThreads,
  listWebhooks,
  redriveRun,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
} from '@freehold/core'
import {
  type PostgresServer,
  startPostgres,
  startTestEngine,
  type TestEngine,
  tapDatabase,
  waitFor,
} from '@freehold/testkit'
import { Webhook as Verifier } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalServer, startHttpServer } from '../egress/local-server.fixture.ts'
import { defineProgram, RunFailure } from '../index.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

interface Received {
  headers: IncomingHttpHeaders
  body: string
}

/** A receiver that answers with these statuses in turn, the last of them from then on. */
async function startReceiver(...statuses: number[]): Promise<LocalServer & { received: Received[]; url: string }> {
  const received: Received[] = []
  const server = await startHttpServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const status = statuses[Math.min(received.length, statuses.length) - 1] ?? 204
      response.writeHead(status, { location: '/elsewhere' }).end('ignored')
    })
  })
  return { ...server, received, url: `http://127.0.0.1:${server.port}/hook` }
}

const failing = defineProgram('failing', async () => {
  throw new RunFailure('model_failed', 'It did not work.')
})

const delegating = defineProgram('delegating', (run) =>
  run.delegate({ agent: 'system:webhooks', message: run.message }),
)

async function open(egressAllow = '127.0.0.1', retryDelaysMs = [1, 1]): Promise<TestEngine> {
  const databaseUrl = await postgres.createDatabase({ migrate: true })
  return startTestEngine({ databaseUrl, programs: [failing, delegating], webhooks: { egressAllow, retryDelaysMs } })
}

function create(caller: Caller, url: string, events = ['run.failed']): Promise<WebhookWithSecret> {
  return createWebhook(caller, createWebhookSchema.parse({ url, events }))
}

/** Throws unless the official library takes the signature. */
function verify(secret: string, { headers, body }: Received): unknown {
  return new Verifier(secret).verify(body, headers as Record<string, string>)
}

const deliveries = async (caller: Caller) => (await listRuns(caller, { limit: 50, system: true })).items

const emit = (engine: TestEngine, tenantId = engine.tenantId) =>
  engine.sql(`select emit_webhook($1, 'budget.warned', '{"budget": "daily"}')`, [tenantId])

it('an event arrives once, signed as Standard Webhooks wants it', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(204)
  const { id, secret } = await create(engine.caller, receiver.url)
  await engine.worker()
  const run = await testWebhook(engine.caller, id)
  // Before the tenant's own backlog.
  expect(run.priority).toBe('high')
  expect(await engine.ended(run.id)).toMatchObject({ type: 'run.succeeded', data: { output: { status: 204 } } })
  expect(receiver.received).toHaveLength(1)
  const [got] = receiver.received as [Received]
  expect(verify(secret, got)).toEqual({
    type: 'webhook.test',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: { webhookId: id, requestedBy: 'api_key:test' },
  })
  expect(got.headers).toMatchObject({ 'webhook-id': run.id, 'content-type': 'application/json' })
  expect(() => verify(secret, { ...got, body: got.body.replace('test', 'toast') })).toThrow()
})

it('a delivery is tried again after a wait, under the same id', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(500, 302, 200)
  const { id, secret } = await create(engine.caller, receiver.url)
  await engine.worker()
  const run = await testWebhook(engine.caller, id)
  expect(await engine.ended(run.id)).toMatchObject({ type: 'run.succeeded' })
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([run.id, run.id, run.id])
  for (const each of receiver.received) verify(secret, each)
  expect((await engine.journal(run.id)).filter(({ type }) => type === 'timer.set')).toHaveLength(2)
})

it('a delivery that fails each time says why, and a redrive tries once more', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(503, 503, 503, 200)
  const { id } = await create(engine.caller, receiver.url)
  await engine.worker()
  const run = await testWebhook(engine.caller, id)
  const message = 'The event could not be delivered in 3 attempts. The receiver answered 503.'
  expect(await engine.ended(run.id)).toMatchObject({ data: { error: { code: 'delivery_failed', message } } })
  await redriveRun(engine.caller, run.id)
  await engine.until(run.id, ({ type }) => type === 'run.succeeded')
  expect(receiver.received).toHaveLength(4)
})

it('a worker that dies after the delivery and before the journal has it delivers again, under the same id', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(200)
  const { id } = await create(engine.caller, receiver.url)
  const tap = tapDatabase(engine.database)
  const died = Promise.withResolvers<void>()
  tap.before = (name) => {
    if (receiver.received.length === 0 || !/append|finish/.test(name)) return
    died.resolve()
    throw new Error('this worker is dead')
  }
  const dying = await engine.worker({ database: tap.database })
  const run = await testWebhook(engine.caller, id)
  await died.promise
  await dying.stop(0)
  await engine.expireLeases()
  await engine.worker()
  expect(await engine.ended(run.id)).toMatchObject({ type: 'run.succeeded' })
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([run.id, run.id])
})

it('410 Gone disables the webhook', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(410)
  const { id } = await create(engine.caller, receiver.url)
  await engine.worker()
  const run = await testWebhook(engine.caller, id)
  expect(await engine.ended(run.id)).toMatchObject({ data: { error: { code: 'delivery_failed' } } })
  expect(receiver.received).toHaveLength(1)
  expect(await getWebhook(engine.caller, id)).toMatchObject({
    status: 'disabled',
    disabledReason: 'The receiver answered 410 Gone.',
  })
  await expect(testWebhook(engine.caller, id)).rejects.toMatchObject({ code: 'conflict' })
  expect(await updateWebhook(engine.caller, id, { status: 'active' })).toMatchObject({ disabledReason: null })
})

it('a private address is refused, unless the operator opened it', async () => {
  await using engine = await open('')
  await using receiver = await startReceiver(200)
  const refusal = { code: 'invalid_request', message: expect.stringMatching(/^body\.url: The address .* is private/) }
  await expect(create(engine.caller, receiver.url)).rejects.toMatchObject(refusal)
  const { id } = await create(engine.caller, 'https://example.com/hook')
  await expect(updateWebhook(engine.caller, id, { url: receiver.url })).rejects.toMatchObject(refusal)
  // As if the operator had closed it since.
  await engine.sql('update webhooks set url = $1', [receiver.url])
  await engine.worker()
  const run = await testWebhook(engine.caller, id)
  const ended = await engine.ended(run.id)
  expect(ended).toMatchObject({ data: { error: { code: 'delivery_failed' } } })
  expect(receiver.connections()).toBe(0)
})

it('after a rotation both secrets sign, and after a day the new one only', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(200)
  const { id, secret: before } = await create(engine.caller, receiver.url)
  await engine.worker()
  const deliver = async () => {
    await engine.ended((await testWebhook(engine.caller, id)).id)
    return receiver.received.at(-1) as Received
  }
  const { secret: after } = await rotateWebhookSecret(engine.caller, id)
  expect(after).not.toBe(before)
  const during = await deliver()
  for (const secret of [before, after]) verify(secret, during)
  await engine.sql(`update webhooks set previous_secret_until = now() where id = $1`, [id])
  const later = await deliver()
  verify(after, later)
  expect(() => verify(before, later)).toThrow()
})

it('the secret is in no later answer, no journal and, in the clear, no row', async () => {
  await using engine = await open()
  await using receiver = await startReceiver(200)
  const { id, secret } = await create(engine.caller, receiver.url)
  await engine.worker()
  const run = await testWebhook(engine.caller, id)
  await engine.ended(run.id)
  const said: unknown[] = [
    await getWebhook(engine.caller, id),
    await listWebhooks(engine.caller, { limit: 10 }),
    await updateWebhook(engine.caller, id, { description: 'mine' }),
    await engine.run(run.id),
    await engine.journal(run.id),
    await engine.sql(`select * from webhooks`),
    await engine.sql(`select encode(secret, 'escape') as secret from webhooks`),
    engine.logs,
    await deleteWebhook(engine.caller, id),
  ]
  expect(JSON.stringify(said)).not.toContain(secret.slice('whsec_'.length))
  expect(await engine.sql(`select secret, previous_secret from webhooks`)).toEqual([
    { secret: null, previous_secret: null },
  ])
})

describe('an event', () => {
  it('reaches the webhooks that listen to it, and none that is disabled, deleted or of another tenant', async () => {
    await using engine = await open()
    await using receiver = await startReceiver(200)
    const globex = await engine.newTenant('globex')
    const urlOf = (name: string) => `${receiver.url}/${name}`
    const listening = await create(engine.caller, urlOf('listening'), ['budget.warned', 'run.failed'])
    await create(engine.caller, urlOf('other-event'), ['approval.requested'])
    await create(globex, urlOf('globex'), ['budget.warned'])
    const disabled = await create(engine.caller, urlOf('disabled'), ['budget.warned'])
    await updateWebhook(engine.caller, disabled.id, { status: 'disabled' })
    const deleted = await create(engine.caller, urlOf('deleted'), ['budget.warned'])
    await deleteWebhook(engine.caller, deleted.id)
    expect(await emit(engine)).toEqual([{ emit_webhook: 1 }])
    expect(await deliveries(globex)).toEqual([])
    expect((await deliveries(engine.caller)).map(({ metadata }) => metadata)).toEqual([
      { webhookId: listening.id, event: 'budget.warned' },
    ])
  })

  it('that was rolled back is not told', async () => {
    await using engine = await open()
    await create(engine.caller, 'https://hooks.invalid/', ['budget.warned'])
    await expect(
      engine.sql(`do $$ begin
        perform emit_webhook('${engine.tenantId}', 'budget.warned', '{}');
        raise exception 'rolled back';
      end $$`),
    ).rejects.toThrow('rolled back')
    expect(await deliveries(engine.caller)).toEqual([])
  })

  it('that waits is not delivered once its webhook is disabled', async () => {
    await using engine = await open()
    await using receiver = await startReceiver(200)
    const { id } = await create(engine.caller, receiver.url, ['budget.warned'])
    await emit(engine)
    await updateWebhook(engine.caller, id, { status: 'disabled' })
    await engine.worker()
    const [run] = await deliveries(engine.caller)
    expect(await engine.ended(run?.id ?? '')).toMatchObject({
      data: { error: { message: expect.stringContaining('disabled') } },
    })
    expect(receiver.received).toEqual([])
  })
})

describe('run.failed', () => {
  const told = ({ received }: { received: Received[] }) =>
    waitFor(() => received[0], { what: 'the webhook' }).then(({ body }) => JSON.parse(body) as RunEvent)

  it('tells of a run that failed, and not of a delivery that did', async () => {
    await using engine = await open()
    await using receiver = await startReceiver(200)
    await create(engine.caller, receiver.url)
    await engine.worker()
    const runId = await engine.start('failing')
    expect(await told(receiver)).toMatchObject({
      type: 'run.failed',
      data: { runId, agent: 'failing', error: { code: 'model_failed', message: 'It did not work.' } },
    })
    const [delivery] = await deliveries(engine.caller)
    await engine.sql(`update agent_runs set status = 'failed' where id = $1`, [delivery?.id])
    expect(await deliveries(engine.caller)).toHaveLength(1)
  })

  it('tells of a run that kept killing its worker', async () => {
    await using engine = await open()
    await using receiver = await startReceiver(200)
    await create(engine.caller, receiver.url)
    const runId = await engine.start('failing')
    await engine.sql(
      `update agent_runs set status = 'running', worker = 'dead', failed_attempts = 4, available_at = now() where id = $1`,
      [runId],
    )
    await engine.worker()
    expect(await told(receiver)).toMatchObject({ type: 'run.failed', data: { runId, error: { code: 'worker_lost' } } })
  })
})

it('the runs of deliveries, their agent and their threads stay out of the lists', async () => {
  await using engine = await open()
  const { id } = await create(engine.caller, 'https://hooks.invalid/')
  const run = await testWebhook(engine.caller, id)
  expect((await listRuns(engine.caller, { limit: 10 })).items).toEqual([])
  expect((await deliveries(engine.caller)).map((each) => each.id)).toEqual([run.id])
  expect((await listThreads(engine.caller, { limit: 10 })).items).toEqual([])
  expect((await listAgents(engine.caller, { limit: 10 })).items.map(({ name }) => name)).toEqual([
    'delegating',
    'failing',
  ])
})

it('nobody can have an event delivered that did not happen', async () => {
  await using engine = await open()
  const { id } = await create(engine.caller, 'https://hooks.invalid/')
  const forgery = JSON.stringify({ type: 'run.failed', webhookId: id })
  await expect(engine.start('system:webhooks', { message: forgery })).rejects.toMatchObject({ code: 'not_found' })
  await engine.worker()
  expect(await engine.ended(await engine.start('delegating', { message: forgery }))).toMatchObject({
    data: { error: { code: 'child_failed', message: 'There is no agent named "system:webhooks".' } },
  })
  await expect(
    engine.sql(
      `select start_run($1, gen_random_uuid(), 'system:webhooks', 'production', 't', $2, '{}', null, 'api_key:x', 'r')`,
      [engine.tenantId, forgery],
    ),
  ).rejects.toThrow('agent_runs_check')
})
