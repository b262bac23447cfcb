import { operations } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const order = (...fields: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(fields.map((field) => [field, { type: 'string' }])),
})
const contract = (...fields: string[]) => ({
  kind: 'openapi' as const,
  document: {
    openapi: '3.0.3',
    paths: {
      '/orders/{id}': {
        get: { responses: { '200': { content: { 'application/json': { schema: order(...fields) } } } } },
      },
    },
  },
})
const card = (...skills: string[]) => ({
  kind: 'agent_card' as const,
  document: { name: 'helper', skills: skills.map((id) => ({ id })), defaultInputModes: ['text/plain'] },
})
const getOrder = { method: 'GET', path: '/orders/{orderId}' } as const
const params = { name: 'orders' }

it('a contract that breaks a consumer is reported before it is accepted', async () => {
  const client = on.client(on.acme.key)
  await client.putService({ params, body: { contract: contract('id', 'total', 'note') } })
  const uses = [{ ...getOrder, fields: ['total'] }]
  await client.putServiceConsumer({ params: { ...params, consumer: 'billing' }, body: { uses } })

  const broken = contract('id')
  const at = 'GET /orders/{orderId}'
  const message = 'answer field "total" is gone'
  expect(await client.checkService({ params, body: { contract: broken } })).toEqual({
    breaks: [{ consumer: 'billing', at, message }],
  })
  const before = await client.getService({ params })
  await expect(client.putService({ params, body: { contract: broken } })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`breaks "billing" (${at}: ${message})`),
    fields: [{ field: 'consumers.billing', message: `${at}: ${message}` }],
  })
  await expect(client.putService({ params, body: {} })).rejects.toMatchObject({ code: 'conflict' })
  expect(await client.getService({ params })).toEqual(before)
  // Nobody reads the note.
  await client.putService({ params, body: { contract: contract('id', 'total') } })
})

it('a service that keeps its contract breaks nobody, however deep that goes', async () => {
  const client = on.client(on.acme.key)
  const names = Array.from({ length: 300 }, (_, index) => `Level${index}`)
  const next = (index: number) => ({ $ref: `#/components/schemas/Level${index + 1}` })
  const schemas = names.map((name, index) => [name, { type: 'object', properties: { next: next(index) } }])
  const deep = contract('id')
  Object.assign(deep.document, { components: { schemas: Object.fromEntries(schemas) } })
  Object.assign(deep.document.paths['/orders/{id}'].get.responses['200'].content['application/json'], {
    schema: { $ref: '#/components/schemas/Level0' },
  })
  const at = { params: { name: 'deep' } }
  await client.putService({ ...at, body: { contract: deep } })
  const consumer = { name: 'deep', consumer: 'reader' }
  await client.putServiceConsumer({ params: consumer, body: { uses: [getOrder] } })
  await client.putService({ ...at, body: { contract: deep, description: 'Moved' } })
  await client.deleteServiceConsumer({ params: consumer })
})

const state = z.object({ contract: z.object({ sha256: z.string() }), forced: z.boolean().optional() })

it('a break is forced by whoever may, and the audit trail says so', async () => {
  const owner = on.client(on.acme.key)
  const { apiKey } = await owner.createKey({ body: { name: 'team', scopes: ['services:read', 'services:write'] } })
  const body = { contract: contract('id'), force: true }
  await expect(on.client(apiKey).putService({ params, body })).rejects.toMatchObject({ code: 'permission_denied' })
  await owner.putService({ params, body })
  const { items } = await owner.listAudit({ query: { action: 'service.set', limit: 1 } })
  const { before, after } = z.object({ before: state, after: state }).parse(items[0])
  expect([items[0]?.subject, after.forced]).toEqual([{ kind: 'service', id: 'orders' }, true])
  expect(after.contract.sha256).not.toBe(before.contract.sha256)
})

it('a skill of an agent card is kept for who relies on it', async () => {
  const client = on.client(on.acme.key)
  const helper = { params: { name: 'helper' } }
  await client.putService({ ...helper, body: { contract: card('plan', 'write') } })
  const consumer = { params: { name: 'helper', consumer: 'sales' } }
  await client.putServiceConsumer({ ...consumer, body: { uses: [{ skill: 'plan' }] } })
  await client.putService({ ...helper, body: { contract: card('plan') } })
  expect(await client.checkService({ ...helper, body: { contract: card('write') } })).toEqual({
    breaks: [{ consumer: 'sales', at: 'plan', message: 'the skill is gone' }],
  })
  await expect(client.putService({ ...helper, body: { contract: contract('id') } })).rejects.toMatchObject({
    fields: [{ message: 'plan: the contract is of another kind' }],
  })
})

it('a consumer relies on what there is', async () => {
  const client = on.client(on.acme.key)
  const consumer = { params: { ...params, consumer: 'new' } }
  for (const use of [
    { method: 'POST', path: '/orders/{id}' },
    { ...getOrder, fields: ['totl'] },
    { skill: 'x' },
  ] as const) {
    const fields = [{ field: 'body.uses.0', message: expect.stringContaining('') }]
    const refused = client.putServiceConsumer({ ...consumer, body: { uses: [use as typeof getOrder] } })
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', fields })
  }
  const bare = { params: { name: 'bare', consumer: 'new' } }
  await client.putService({ params: { name: 'bare' }, body: {} })
  await expect(client.putServiceConsumer({ ...bare, body: { uses: [getOrder] } })).rejects.toMatchObject({
    code: 'conflict',
  })
})

it('a service with consumers stays', async () => {
  const client = on.client(on.acme.key)
  await expect(client.deleteService({ params })).rejects.toMatchObject({
    code: 'conflict',
    message: '"orders" has consumers: "billing". Remove them first.',
  })
  await client.deleteServiceConsumer({ params: { ...params, consumer: 'billing' } })
  await client.deleteService({ params })
  await expect(client.getService({ params })).rejects.toMatchObject({ code: 'not_found' })
})

it('no service has a name of ours, whatever operations there are', async () => {
  const client = on.client(on.acme.key)
  const names = Object.values(operations).map(({ path }) => path.split('/')[1] ?? '')
  expect(names).toContain('agents')
  for (const name of new Set([...names, 'mcp', 'auth', 'docs'])) {
    await expect(client.putService({ params: { name }, body: {} })).rejects.toMatchObject({ code: 'invalid_request' })
    const answer = await on.request(on.acme.key, 'GET', `/api/v1/${name}/no/such/path`)
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect(answer.text).not.toContain('no service')
  }
  for (const name of ['Orders', 'a.b', 'openapi.json', '-x']) {
    await expect(client.putService({ params: { name }, body: {} })).rejects.toMatchObject({ code: 'invalid_request' })
  }
})

it('a team registers what it uses of a service that is shared with it, and changes no registration of others', async () => {
  const client = on.client(on.acme.key)
  const teams = await Promise.all(
    ['owners', 'users', 'others'].map(async (name) => {
      const { id } = await client.createTeam({ body: { name } })
      const subject = { subject: name, email: `${name}@example.com` }
      const invited = { email: subject.email, teams: [{ id, roles: ['builder'] as ['builder'] }] }
      const { token } = await client.createInvitation({ body: invited })
      await on.client(on.tokenFor(subject)).acceptInvitation({ body: { token } })
      return { id, client: on.client(on.tokenFor(subject)) }
    }),
  )
  const [owners, users, others] = teams
  if (!owners || !users || !others) throw new Error('three teams were made')
  const shop = { params: { name: 'shop' } }
  await owners.client.putService({ ...shop, body: { contract: contract('id') } })
  const consumer = { params: { name: 'shop', consumer: 'users' }, body: { uses: [getOrder] } }
  await expect(users.client.putServiceConsumer(consumer)).rejects.toMatchObject({ code: 'not_found' })
  const shared = { teamId: owners.id, sharedWith: [users.id, others.id] }
  await client.setOwner({ params: { kind: 'service', resource: 'shop' }, body: shared })
  expect(await users.client.putServiceConsumer(consumer)).toMatchObject({ teamId: users.id })
  await expect(others.client.putServiceConsumer(consumer)).rejects.toMatchObject({ code: 'permission_denied' })
  await expect(owners.client.deleteServiceConsumer(consumer)).rejects.toMatchObject({ code: 'not_found' })
  await expect(owners.client.putService({ ...shop, body: {} })).rejects.toMatchObject({ code: 'conflict' })
  await users.client.deleteServiceConsumer(consumer)
  await owners.client.putService({ ...shop, body: {} })
})
