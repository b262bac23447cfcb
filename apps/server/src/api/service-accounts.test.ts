import { randomUUID } from 'node:crypto'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withinFiveSeconds } from '../gateway/within-five-seconds.fixture.ts'

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const owner = () => on.client(on.acme.key)
const newAccount = (roles: ('owner' | 'admin' | 'builder' | 'viewer')[]) =>
  owner().createServiceAccount({ body: { name: `robot ${randomUUID()}`, roles } })
const statusOf = async (key: string, path: string) => (await on.request(key, 'GET', `/api/v1${path}`)).status

describe('a service account', () => {
  test('acts by its keys, with its roles as far as their scopes go', async () => {
    const { id, name } = await newAccount(['viewer'])
    const key = await owner().createKey({ body: { name: 'of a robot', serviceAccountId: id } })
    expect(key.serviceAccountId).toBe(id)
    expect(await on.client(key.apiKey).whoami()).toMatchObject({
      actor: { kind: 'service_account', id, name },
      roles: ['viewer'],
    })
    const create = await on.request(key.apiKey, 'POST', '/api/v1/agents', { name: 'by-a-robot' })
    expect(create).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    const body = { name: 'narrow', serviceAccountId: id, scopes: ['agents:read' as const] }
    const narrow = await owner().createKey({ body })
    expect(await statusOf(narrow.apiKey, '/agents')).toBe(200)
    expect(await statusOf(narrow.apiKey, '/runs')).toBe(403)
  })

  test('gets more and less by its membership, and is in teams like a person', async () => {
    const { id } = await newAccount([])
    const { apiKey } = await owner().createKey({ body: { name: 'of a robot', serviceAccountId: id } })
    expect(await statusOf(apiKey, '/agents')).toBe(403)
    const team = await owner().createTeam({ body: { name: `team ${id}` } })
    await owner().putTeamMember({ params: { id: team.id, person: id }, body: { roles: ['builder'] } })
    const inTeam = async () => (await statusOf(apiKey, '/agents')) === 200
    await withinFiveSeconds(inTeam, 'the account to act in its team')
    expect(await on.client(apiKey).listAgents()).toMatchObject({ items: [] })
    await on.client(apiKey).createAgent({ body: { name: `of-${id}` } })
    expect((await on.client(apiKey).listAgents()).items).toHaveLength(1)
  })

  test('that is removed takes its keys along', async () => {
    const { id } = await newAccount(['viewer'])
    const { apiKey } = await owner().createKey({ body: { name: 'of a robot', serviceAccountId: id } })
    expect(await statusOf(apiKey, '/agents')).toBe(200)
    await owner().removeMember({ params: { id } })
    const gone = async () => (await statusOf(apiKey, '/agents')) === 401
    await withinFiveSeconds(gone, 'the key to stop working')
  })

  test('gives nobody more than they can give', async () => {
    const admin = await owner().createKey({ body: { name: 'admin', roles: ['admin'] } })
    const powerful = await newAccount(['owner'])
    const body = { name: 'a way up', serviceAccountId: powerful.id }
    const refused = { code: 'permission_denied' }
    await expect(on.client(admin.apiKey).createKey({ body })).rejects.toMatchObject(refused)
    const asOwner = { name: 'a way up', roles: ['owner' as const] }
    await expect(on.client(admin.apiKey).createServiceAccount({ body: asOwner })).rejects.toMatchObject(refused)
  })

  test('of another tenant, or that is a person, is none', async () => {
    const { id } = await newAccount(['viewer'])
    const attempt = on.client(on.globex.key).createKey({ body: { name: 'theirs', serviceAccountId: id } })
    await expect(attempt).rejects.toMatchObject({ code: 'not_found' })
    const unknown = owner().createKey({ body: { name: 'of nobody', serviceAccountId: randomUUID() } })
    await expect(unknown).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('support', () => {
  async function somebodyOf(role: 'owner' | 'support' | null): Promise<{ token: string; id: string }> {
    const subject = randomUUID()
    const token = on.tokenFor({ subject, name: 'Grace of support' })
    const { id } = (await on.client(token).whoami()).actor
    if (role) await on.asSuperuser('update people set platform_role = $1 where id = $2', [role, id])
    return { token, id }
  }
  const start = (token: string, tenant: string, body: object) =>
    on.request(token, 'POST', `/api/v1/tenants/${tenant}/support`, body)

  test('is in the tenant for a while, seen by it, with its reason in the audit trail', async () => {
    const { token, id } = await somebodyOf('support')
    expect(await on.request(token, 'GET', '/api/v1/agents')).toMatchObject({ status: 403 })
    const started = await start(token, on.acme.id, { reason: 'ticket 4711', minutes: 5 })
    expect(started).toMatchObject({
      status: 201,
      body: { source: 'support', reason: 'ticket 4711', roles: ['viewer'] },
    })
    expect(await on.request(token, 'GET', '/api/v1/agents')).toMatchObject({ status: 200 })
    expect(await on.request(token, 'POST', '/api/v1/agents', { name: 'no' })).toMatchObject({ status: 403 })
    const { items } = await owner().listMembers({ query: { limit: 200 } })
    expect(items).toContainEqual(expect.objectContaining({ id, reason: 'ticket 4711', expiresAt: expect.any(String) }))
    const { items: entries } = await owner().listAudit({ query: { action: 'support.started' } })
    expect(entries).toContainEqual(expect.objectContaining({ actor: `person:${id}` }))
    await on.asSuperuser(`update memberships set expires_at = now() - interval '1 s' where person_id = $1`, [id])
    const over = async () => (await on.request(token, 'GET', '/api/v1/agents')).status === 403
    await withinFiveSeconds(over, 'support to be over')
  })

  test('is ended by the tenant', async () => {
    const { token, id } = await somebodyOf('owner')
    await start(token, on.acme.id, { reason: 'looking', roles: ['operator'] })
    await owner().removeMember({ params: { id } })
    const over = async () => (await on.request(token, 'GET', '/api/v1/agents')).status === 403
    await withinFiveSeconds(over, 'support to be over')
  })

  test('is for people of the installation only, in a tenant that there is, and gives nobody access', async () => {
    const [nobody, support] = [await somebodyOf(null), await somebodyOf('support')]
    expect(await start(nobody.token, on.acme.id, { reason: 'curious' })).toMatchObject({ status: 404 })
    expect(await start(on.acme.key, on.globex.id, { reason: 'curious' })).toMatchObject({ status: 404 })
    expect(await start(on.operatorKey, on.acme.id, { reason: 'a key' })).toMatchObject({ status: 403 })
    expect(await start(support.token, randomUUID(), { reason: 'nowhere' })).toMatchObject({ status: 404 })
    for (const body of [{}, { reason: '' }, { reason: 'x', minutes: 9_999 }, { reason: 'x', roles: ['admin'] }]) {
      expect(await start(support.token, on.acme.id, body)).toMatchObject({ status: 400 })
    }
  })

  test('leaves nothing behind when they are invited: they are what the invitation says', async () => {
    const subject = randomUUID()
    const email = `${subject}@example.com`
    const token = on.tokenFor({ subject, email })
    const { id } = (await on.client(token).whoami()).actor
    await on.asSuperuser(`update people set platform_role = 'support' where id = $1`, [id])
    await start(token, on.acme.id, { reason: 'looking', roles: ['admin'] })
    const invitation = await owner().createInvitation({ body: { email, roles: ['viewer'] } })
    await on.client(token).acceptInvitation({ body: { token: invitation.token } })
    const { items } = await owner().listMembers({ query: { limit: 200 } })
    const member = { roles: ['viewer'], source: 'invitation', expiresAt: null, reason: null }
    expect(items.find((each) => each.id === id)).toMatchObject(member)
  })

  test('of a member is refused, as they are in the tenant already', async () => {
    const { token, id } = await somebodyOf('owner')
    await on.asSuperuser(
      `insert into memberships (tenant_id, person_id, roles, source) values ($1, $2, '{viewer}', 'installation')`,
      [on.globex.id, id],
    )
    expect(await start(token, on.globex.id, { reason: 'more' })).toMatchObject({ status: 409 })
  })
})
