import { randomUUID } from 'node:crypto'
import {
  buildOpenApiDocument,
  type OperationId,
  operations,
  type TenantPermission,
  tenantPermissions,
} from '@freehold/contracts'
import type { CallModel, ModelRequest } from '@freehold/runtime'
import {
  createTestPlatform,
  furnishTenant,
  type Ground,
  type PostgresServer,
  sampleRequests,
  snapshotTenant,
  startPostgres,
  type TestPlatform,
  type TestResponse,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Described, describeOperations } from './described-operations.fixture.ts'

const described = describeOperations(buildOpenApiDocument('test'))
const ofTenants = described.filter(({ permission }) => permission !== undefined && !permission.startsWith('platform:'))
const ofOperator = described.filter(({ permission }) => permission?.startsWith('platform:'))
/** They create under a name that is free, so another tenant's names are tested with the shared ones. */
const putByName: OperationId[] = ['putSecret', 'putConnection', 'putFlag', 'putService']
const lists = ofTenants.filter(({ query, params }) => query.includes('cursor') && params.length === 0)

const seenByModel: ModelRequest[] = []
const callModel: CallModel = async (request) => {
  seenByModel.push(request)
  return {
    model: 'demo',
    demo: true,
    text: 'an answer',
    toolCalls: [],
    finishReason: 'stop',
    usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    costNanos: 5,
    latencyMs: 1,
    attempts: 1,
  }
}

let postgres: PostgresServer
let on: TestPlatform
let acme: Ground
let globex: Ground
const keyWithOnly = new Map<string, string>()
const keyWithout = new Map<string, string>()

beforeAll(async () => {
  postgres = await startPostgres()
  on = await createTestPlatform({ callModel, databaseUrl: await postgres.createDatabase({ migrate: true }) })
  acme = await furnishTenant(on, on.acme)
  globex = await furnishTenant(on, on.globex)
  const issue = async (scopes: TenantPermission[]) =>
    (
      await on
        .client(on.acme.key)
        .createKey({ body: { name: scopes.join(' ').slice(0, 100), scopes, roles: ['owner'] } })
    ).apiKey
  for (const permission of tenantPermissions) {
    keyWithOnly.set(permission, await issue([permission]))
    keyWithout.set(permission, await issue(tenantPermissions.filter((other) => other !== permission)))
  }
})

afterAll(async () => {
  await on.close()
  await postgres.stop()
})

interface Changes {
  params?: Record<string, string>
  body?: Record<string, unknown>
  query?: string
  headers?: Record<string, string>
}

/** Asks for an operation on a tenant's ground, with changes. */
function ask(key: string, operation: Described, ground: Ground, changes: Changes = {}): Promise<TestResponse> {
  const sample = sampleRequests[operation.id]
  const params = { ...sample?.params?.(ground), ...changes.params }
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? `no-${name}`)
  const upload = sample?.upload?.(ground)
  const body = operation.hasBody ? { ...sample?.body?.(ground), ...changes.body } : upload
  return on.request(key, operation.method, `${path}${changes.query ?? sample?.query ?? ''}`, body, changes.headers)
}

/** An answer without what differs between two requests: the request's id, and the names that were asked for. */
function essence({ status, text }: TestResponse, ...echoed: string[]) {
  const { requestId: _, ...body } = JSON.parse(text) as Record<string, unknown>
  return { status, body: echoed.reduce((said, name) => said.replaceAll(name, '<asked>'), JSON.stringify(body)) }
}

const nothing: Record<string, string> = {
  id: '01980000-0000-7000-8000-000000000000',
  name: 'no-such-agent',
  person: '01980000-0000-7000-8000-000000000000',
  resource: 'no-such-resource',
}

const marksOf = ({ tenant, agent, secret, thread, archive: _, ...ids }: Ground) => [
  ...[tenant.id, agent, secret, thread],
  ...Object.values(ids),
]

function expectNothingOf(ground: Ground, { text }: TestResponse, ...echoed: string[]): void {
  for (const mark of marksOf(ground).filter((each) => !echoed.includes(each))) expect(text).not.toContain(mark)
}

async function expectUnchanged<T>(ground: Ground, work: () => Promise<T>): Promise<T> {
  const before = await snapshotTenant(on, ground.tenant.id)
  const result = await work()
  expect(await snapshotTenant(on, ground.tenant.id)).toEqual(before)
  return result
}

test('every operation that the gateway describes has a case here', async () => {
  const served = describeOperations((await on.request(null, 'GET', '/api/v1/openapi.json')).body)
  expect(served).toEqual(described)
  expect(Object.keys(sampleRequests).toSorted()).toEqual(served.map(({ id }) => id).toSorted())
})

test('a tenant has rows in every table, so that a leak would show', async () => {
  const rows = await snapshotTenant(on, globex.tenant.id)
  expect(Object.entries(rows).filter(([, found]) => found.length === 0)).toEqual([])
})

describe("another tenant's things answer as what does not exist", () => {
  const addressed = ofTenants.filter(({ id, params }) => params.length > 0 && !putByName.includes(id))
  test.each(addressed)('$id', async (operation) => {
    const theirs = sampleRequests[operation.id]?.params?.(globex) ?? {}
    const known = await expectUnchanged(globex, () => ask(acme.tenant.key, operation, globex))
    const missing = await ask(acme.tenant.key, operation, globex, { params: { ...theirs, ...pick(theirs, nothing) } })
    expect(known.status).toBe(404)
    expect(known.body).toMatchObject({ code: 'not_found' })
    expect(essence(known, ...Object.values(theirs))).toEqual(essence(missing, ...Object.values(nothing)))
    expectNothingOf(globex, known, ...Object.values(theirs))
  })

  test('the event stream of a run', async () => {
    const stream = (id: string) =>
      on.request(on.acme.key, 'GET', `/api/v1/runs/${id}/events`, undefined, { accept: 'text/event-stream' })
    const known = await stream(globex.finishedRun)
    expect(known.status).toBe(404)
    expect(essence(known)).toEqual(essence(await stream(nothing.id ?? '')))
  })

  test('an agent over AG-UI', async () => {
    const post = (agent: string) => on.request(on.acme.key, 'POST', `/agui/${agent}`, aguiInput('a-thread', 'a-run'))
    const known = await expectUnchanged(globex, () => post(globex.agent))
    expect(known.status).toBe(404)
    expect(essence(known, globex.agent)).toEqual(essence(await post('no-such-agent'), 'no-such-agent'))
  })

  test('a conversation over AG-UI', async () => {
    const connect = (threadId: string) =>
      on.request(on.acme.key, 'POST', '/agui/assistant/connect', { threadId, runId: 'a-run' })
    const known = await expectUnchanged(globex, () => connect(globex.thread))
    const missing = await connect('no-such-thread')
    expect(known.text).toContain('"messages":[]')
    expect(known.text.replaceAll(globex.thread, 'no-such-thread')).toBe(missing.text)
  })
})

/** `from` for the keys that `like` has. */
function pick(like: Record<string, string>, from: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key in like))
}

function aguiInput(threadId: string, runId: string) {
  const messages = [{ id: 'm1', role: 'user', content: 'hello from acme' }]
  return { threadId, runId, messages, state: {}, tools: [], context: [], forwardedProps: {} }
}

describe('a list shows nothing of another tenant', () => {
  test.each(lists)('$id', async (operation) => {
    const own = await ask(acme.tenant.key, operation, acme)
    expect(itemsOf(own).length).toBeGreaterThan(1)
    expectNothingOf(globex, own)
  })

  test.each(lists)('$id, from where a page of the other tenant ended', async (operation) => {
    const theirs = await ask(globex.tenant.key, operation, globex, { query: '?limit=1' })
    const { nextCursor } = z.object({ nextCursor: z.string() }).parse(theirs.body)
    const answer = await ask(acme.tenant.key, operation, acme, { query: `?cursor=${nextCursor}` })
    expect(answer.status).toBe(200)
    expectNothingOf(globex, answer)
    const own = itemsOf(await ask(acme.tenant.key, operation, acme, { query: '?limit=200' }))
    expect(own).toEqual(expect.arrayContaining(itemsOf(answer)))
  })

  const filters: Record<string, (ground: Ground) => string> = {
    agent: (ground) => ground.agent,
    threadId: (ground) => ground.thread,
    runId: (ground) => ground.finishedRun,
    subject: (ground) => ground.budgetId,
    startedBy: (ground) => ground.startedBy,
    user: (ground) => ground.user,
    parentRunId: (ground) => ground.finishedRun,
    rootRunId: (ground) => ground.finishedRun,
  }
  const filtered = lists.flatMap((operation) =>
    operation.query.flatMap((name) => (filters[name] ? [{ ...operation, name, read: filters[name] }] : [])),
  )
  test.each(filtered)('$id, filtered by the $name of the other tenant', async ({ name, read, ...operation }) => {
    const filter = { query: `?${name}=${read(globex)}` }
    expect(itemsOf(await ask(globex.tenant.key, operation, globex, filter)).length).toBeGreaterThan(0)
    expect((await ask(acme.tenant.key, operation, acme, filter)).body).toEqual({ items: [], nextCursor: null })
  })

  test('every filter of every list has a case here', () => {
    const names = new Set(lists.flatMap(({ query }) => query))
    expect([...names].filter((name) => !filters[name]).toSorted()).toEqual([
      'action',
      'actor',
      'cursor',
      'dead',
      'environment',
      'from',
      'limit',
      'minCostNanos',
      'mine',
      'status',
      'system',
      'to',
    ])
  })
})

function itemsOf(response: TestResponse): unknown[] {
  return z.object({ items: z.array(z.unknown()) }).parse(response.body).items
}

/** An answer without the span up to now that it is about. */
function steady({ text }: TestResponse): unknown {
  return JSON.parse(text.replaceAll(/"(from|to)":"[^"]*"/g, '"$1":"then"'))
}

describe('the tenant comes from the key alone', () => {
  test.each(described.filter(({ hasBody }) => hasBody))('$id takes no tenant in its body', async (operation) => {
    const key = operation.permission?.startsWith('platform:') ? on.operatorKey : acme.tenant.key
    for (const field of ['tenantId', 'tenant_id']) {
      const body = { [field]: globex.tenant.id }
      const answer = await expectUnchanged(globex, () => ask(key, operation, acme, { body }))
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    }
  })

  const reads = ofTenants.filter(({ method }) => method === 'GET')
  test.each([...reads, ...described.filter(({ id }) => id === 'whoami')])(
    '$id is not moved by a header or a parameter',
    async (operation) => {
      const plain = await ask(acme.tenant.key, operation, acme)
      const headers = { 'x-tenant-id': globex.tenant.id, 'x-freehold-tenant': globex.tenant.id }
      const withHeader = await ask(acme.tenant.key, operation, acme, { headers })
      expect(steady(withHeader)).toEqual(steady(plain))
      const withParameter = await ask(acme.tenant.key, operation, acme, { query: `?tenantId=${globex.tenant.id}` })
      if (withParameter.status === 200) expect(steady(withParameter)).toEqual(steady(plain))
      else expect(withParameter).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    },
  )
})

describe('names that two tenants share', () => {
  test('an agent of the same name is an agent of its own', async () => {
    const client = on.client(acme.tenant.key)
    await expectUnchanged(globex, () => client.createAgent({ body: { name: globex.agent, description: 'ours' } }))
    expect(await client.getAgent({ params: { name: globex.agent } })).toMatchObject({ description: 'ours', version: 1 })
    expect(await on.client(globex.tenant.key).getAgent({ params: { name: globex.agent } })).toMatchObject({
      version: 2,
    })
  })

  test('a secret and a connection of the same name are ones of their own', async () => {
    const client = on.client(acme.tenant.key)
    const [secret, connection] = [{ name: globex.secretName }, { name: globex.connection }]
    await expectUnchanged(globex, async () => {
      const toTheirs = { kind: 'http', secret: globex.secretName, origin: 'https://api.invalid' } as const
      const refused = client.putConnection({ params: connection, body: toTheirs })
      await expect(refused).rejects.toMatchObject({ code: 'not_found' })
      expect(await client.putSecret({ params: secret, body: { value: 'ours' } })).toMatchObject({ version: 1 })
      await client.putConnection({ params: connection, body: toTheirs })
      await client.deleteConnection({ params: connection })
      await client.deleteSecret({ params: secret })
    })
  })

  test('a thread of the same id is a thread of its own, and its history too', async () => {
    const client = on.client(acme.tenant.key)
    seenByModel.length = 0
    const body = { message: 'only from acme', threadId: globex.thread }
    await expectUnchanged(globex, async () => {
      const run = await client.startRun({ params: { name: acme.agent }, body })
      expect(run.threadId).toBe(globex.thread)
      await on.startWorker()
      for await (const _ of client.watchRun(run.id));
      await on.stopWorker(20_000)
    })
    const { items } = await client.listMessages({ params: { id: globex.thread } })
    expect(items.map(({ content }) => JSON.stringify(content)).join()).toContain('only from acme')
    expect(JSON.stringify([items, seenByModel.filter(({ system }) => system === acme.secret)])).not.toContain(
      globex.secret,
    )
  })

  test("a run over AG-UI with another tenant's thread and run ids is a run of its own", async () => {
    await on.startWorker()
    const post = (ground: Ground) =>
      on.request(ground.tenant.key, 'POST', `/agui/${ground.agent}`, aguiInput('shared-thread', 'shared-run'))
    const theirs = await post(globex)
    const ours = await post(acme)
    await on.stopWorker(20_000)
    expect([theirs.status, ours.status]).toEqual([200, 200])
    expect(ours.text).toContain('RUN_FINISHED')
    const runsOf = (ground: Ground) =>
      on.client(ground.tenant.key).listRuns({ query: { threadId: 'shared-thread', limit: 10 } })
    const [inAcme, inGlobex] = [await runsOf(acme), await runsOf(globex)]
    expect([inAcme.items.length, inGlobex.items.length]).toEqual([1, 1])
    expect(inAcme.items[0]?.id).not.toBe(inGlobex.items[0]?.id)
    expect(ours.text).not.toContain(inGlobex.items[0]?.id)
  })
})

describe('permissions', () => {
  test.each(ofTenants)('$id needs $permission', async (operation) => {
    const answer = await ask(keyWithout.get(operation.permission ?? '') ?? '', operation, acme)
    expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  })

  test.each(ofTenants)('$id is for tenants, not for the operator', async (operation) => {
    const answer = await ask(on.operatorKey, operation, acme)
    expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  })

  test.each(ofOperator)('$id is for the operator, not for tenants', async (operation) => {
    const params = { id: globex.tenant.id }
    const answer = await expectUnchanged(globex, () => ask(acme.tenant.key, operation, acme, { params }))
    // A refusal about one tenant would tell that there is one.
    const refusal = operation.path.includes('{id}')
      ? { status: 404, body: { code: 'not_found' } }
      : { status: 403, body: { code: 'permission_denied' } }
    expect(answer).toMatchObject(refusal)
    expect(answer.text).not.toContain(globex.tenant.id)
  })

  test.each(ofTenants)('$id needs no more than $permission, and answers as described', async (operation) => {
    const answer = await ask(keyWithOnly.get(operation.permission ?? '') ?? '', operation, acme)
    expectDescribed(operation, answer)
  })

  test.each(ofOperator)('$id answers the operator as described', async (operation) => {
    const key = operation.permission === 'platform:support' ? acme.support : on.operatorKey
    expectDescribed(operation, await ask(key, operation, acme))
  })

  test.each(['acme', 'operator'])('whoami tells %s who it is', async (who) => {
    const [whoami] = described.filter(({ id }) => id === 'whoami')
    if (!whoami) throw new Error('whoami is gone')
    expectDescribed(whoami, await ask(who === 'acme' ? acme.tenant.key : on.operatorKey, whoami, acme))
  })

  test('AG-UI needs both to start a run and to read it', async () => {
    for (const permission of ['runs:start', 'runs:read']) {
      const key = keyWithout.get(permission) ?? ''
      const answer = await on.request(key, 'POST', `/agui/${acme.agent}`, aguiInput(randomUUID(), randomUUID()))
      expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    }
  })

  test('to read a conversation over AG-UI takes both to read threads and runs', async () => {
    for (const permission of ['threads:read', 'runs:read']) {
      const input = { threadId: acme.thread, runId: 'a-run' }
      const answer = await on.request(keyWithout.get(permission) ?? '', 'POST', '/agui/assistant/connect', input)
      expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    }
  })

  test('a key grants no permission that its maker lacks', async () => {
    const key = keyWithOnly.get('keys:write') ?? ''
    const refused = await on.request(key, 'POST', '/api/v1/keys', { name: 'more', scopes: ['runs:start'] })
    expect(refused).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    const created = await on.request(key, 'POST', '/api/v1/keys', { name: 'the same' })
    expect(created.body).toMatchObject({ scopes: ['keys:write'] })
  })
})

/** The status of the operation, and a body that is its schema's and nothing more. */
function expectDescribed({ id }: Described, answer: TestResponse): void {
  expect(answer.status, answer.text).toBe(operations[id].status)
  expect(operations[id].response.parse(answer.body)).toEqual(answer.body)
}
