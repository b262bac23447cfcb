import { randomUUID } from 'node:crypto'
import { operations, type TenantRole } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let on: TestPlatform
let claims: string
let sales: string
/** Keys of an admin of each team. */
let ofClaims: string
let ofSales: string

const owner = () => on.client(on.acme.key)

beforeAll(async () => {
  on = await createTestPlatform({ worker: true })
  claims = (await owner().createTeam({ body: { name: 'claims' } })).id
  sales = (await owner().createTeam({ body: { name: 'sales' } })).id
  ofClaims = await join(claims, ['admin'])
  ofSales = await join(sales, ['admin'])
  await give('agent', 'assistant', claims, [sales])
})
afterAll(() => on.close())

/** The token of somebody new, who is in this team only. */
async function join(id: string, roles: TenantRole[]): Promise<string> {
  const email = `${randomUUID()}@example.com`
  const { token } = await owner().createInvitation({ body: { email, teams: [{ id, roles }] } })
  const person = on.tokenFor({ subject: randomUUID(), email })
  await on.client(person).acceptInvitation({ body: { token } })
  return person
}

type Kind = 'agent' | 'connection' | 'secret' | 'budget'
const give = (kind: Kind, resource: string, teamId: string | null, sharedWith: string[] = []) =>
  owner().setOwner({ params: { kind, resource }, body: { teamId, sharedWith } })

const run = async (key: string) => {
  const body = { message: 'hello' }
  const { id } = await on.client(key).startRun({ params: { name: 'assistant' }, query: { wait: 60 }, body })
  return on.client(key).getRun({ params: { id } })
}

test('whoami tells a member of teams for which of them a request acts, and what holds in each', async () => {
  const email = `${randomUUID()}@example.com`
  const teams = [
    { id: claims, roles: ['builder' as const] },
    { id: sales, roles: ['viewer' as const] },
  ]
  const { token: invitation } = await owner().createInvitation({ body: { email, teams } })
  const token = on.tokenFor({ subject: randomUUID(), email })
  await on.client(token).acceptInvitation({ body: { token: invitation } })
  const ask = async (headers: Record<string, string> = {}) => {
    const who = { 'x-tenant-id': on.acme.id, ...headers }
    return operations.whoami.response.parse((await on.request(token, 'GET', '/api/v1/whoami', undefined, who)).body)
  }
  const everywhere = await ask()
  expect(new Set(everywhere.teams)).toEqual(new Set([claims, sales]))
  expect(everywhere.permissions).not.toContain('runs:start')
  const inClaims = await ask({ 'x-team-id': claims })
  expect(inClaims).toMatchObject({ teams: [claims], roles: ['builder'] })
  expect(inClaims.permissions).toContain('runs:start')
  expect(await owner().whoami()).toMatchObject({ teams: null })
})

describe("a team's budget", () => {
  test('limits and counts the runs of the team only, whatever its scope is', async () => {
    const scopes = [{ kind: 'tenant' as const }, { kind: 'agent' as const, id: 'assistant' }, { kind: 'run' as const }]
    const budgets = await Promise.all(
      scopes.map((scope) =>
        on.client(ofSales).createBudget({ body: { name: scope.kind, scope, period: 'total', requestLimit: 0 } }),
      ),
    )
    const count = on.client(ofSales).createBudget
    const counting = await count({ body: { name: 'counting', period: 'total', requestLimit: 1_000 } })
    expect(await run(ofClaims)).toMatchObject({ status: 'succeeded' })
    expect(await run(ofSales)).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } })
    for (const { id } of budgets) await on.client(ofSales).deleteBudget({ params: { id } })
    expect(await run(ofSales)).toMatchObject({ status: 'succeeded' })
    const { windows } = await on.client(ofSales).getBudget({ params: { id: counting.id } })
    const [used] = await on.asSuperuser<{ calls: number }>(
      `select count(*)::int as calls from usage_records u join agent_runs r on r.id = u.run_id where r.team = $1`,
      [sales],
    )
    expect(windows[0]?.requests.spent).toBe(used?.calls)
  })
})

describe('somebody in a team', () => {
  test("is told where they are and how that wants to look, and nothing of the tenant's settings", async () => {
    await owner().putBranding({ body: { name: 'Acme Agents' } })
    const { tenant } = await on.client(ofSales).whoami()
    const brand = { name: 'Acme Agents', logoUrl: null, colors: expect.any(Object), supportAddress: null }
    expect(tenant).toEqual({ id: on.acme.id, name: 'acme', status: 'active', brand })
    const { apiKey } = await owner().createKey({ body: { name: 'starts runs', scopes: ['runs:start'] } })
    expect((await on.client(apiKey).whoami()).tenant).toEqual(tenant)
    expect((await on.client(on.acme.key).whoami()).tenant).toMatchObject({ plan: { name: expect.any(String) } })
  })

  test.each(['schedules', 'webhooks', 'flags', 'members', 'tenant'])(
    "is refused the tenant's %s, and told that a role in the tenant is needed",
    async (what) => {
      const answer = await on.request(ofSales, 'GET', `/api/v1/${what}`)
      expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
      expect(answer.text).toContain("which your roles in the tenant as a whole don't give")
    },
  )

  test('makes no key of a service account, which reaches beyond it', async () => {
    const account = await owner().createServiceAccount({ body: { name: 'ci', roles: ['builder'] } })
    const body = { name: 'a way out', serviceAccountId: account.id }
    await expect(on.client(ofSales).createKey({ body })).rejects.toMatchObject({ code: 'permission_denied' })
    const asTeam = await on.request(on.acme.key, 'POST', '/api/v1/keys', body, { 'x-team-id': sales })
    expect(asTeam).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  })

  test('sends an Idempotency-Key that another team has sent, and gets no answer of theirs', async () => {
    const create = (key: string, name: string) => {
      const body = { name, period: 'total', requestLimit: 1_000 }
      return on.request(key, 'POST', '/api/v1/budgets', body, { 'idempotency-key': 'the-same' })
    }
    const first = await create(ofClaims, 'of claims')
    expect(await create(ofSales, 'of sales')).toMatchObject({ status: 201, body: { name: 'of sales' } })
    expect((await create(ofClaims, 'of claims')).body).toEqual(first.body)
    const reused = { status: 422, body: { code: 'idempotency_key_reused' } }
    expect(await create(ofClaims, 'something else')).toMatchObject(reused)
  })

  test('is told nothing of a conversation of others by a run that somebody starts there who sees both', async () => {
    await owner().createAgent({ body: { name: 'seller' } })
    await owner().createAgent({ body: { name: 'clerk' } })
    await give('agent', 'seller', sales)
    const say = (agent: string, threadId: string, key = on.acme.key) =>
      on.client(key).startRun({ params: { name: agent }, body: { message: 'a secret', threadId } })
    await say('assistant', 'of-claims', ofClaims)
    await say('clerk', 'of-nobody')
    const runsSeen = async () => (await on.client(ofSales).listRuns({ query: { limit: 200 } })).items.length
    const before = await runsSeen()
    for (const thread of ['of-claims', 'of-nobody']) {
      await expect(say('seller', thread)).rejects.toMatchObject({ code: 'permission_denied' })
    }
    expect(await runsSeen()).toBe(before)
    const endAll = () => on.asSuperuser(`update agent_runs set status = 'succeeded'`)
    await endAll()
    await say('assistant', 'of-claims')
    await say('seller', 'of-sales')
    await endAll()
    await say('seller', 'of-sales', ofSales)
  })

  test('names runs of AG-UI for the team, which tells nothing of what others call theirs', async () => {
    const input = { runId: 'mine', messages: [{ id: '1', role: 'user', content: 'hello' }] }
    const rest = { state: {}, tools: [], context: [], forwardedProps: {} }
    const post = (key: string, threadId: string) =>
      on.request(key, 'POST', '/agui/assistant', { ...input, ...rest, threadId })
    expect(await post(ofClaims, 'thread-of-claims')).toMatchObject({ status: 200 })
    expect(await post(ofSales, 'thread-of-sales')).toMatchObject({ status: 200 })
    const teams = await on.asSuperuser(`select team from agent_runs where client_key like 'agui:mine%' order by team`)
    expect(teams).toEqual([{ team: claims }, { team: sales }])
  })
})

describe('a connection', () => {
  const name = 'crm'
  const put = (secret: string) => ({
    params: { name },
    body: { kind: 'http' as const, origin: 'https://crm.example.com', header: 'authorization', secret },
  })

  test('that is shared is seen with the name of its secret, and deleted by who owns it', async () => {
    await on.client(ofClaims).putSecret({ params: { name: 'crm-token' }, body: { value: 'secret of claims' } })
    await on.client(ofClaims).putConnection(put('crm-token'))
    const { client } = on
    await expect(client(ofSales).getConnection({ params: { name } })).rejects.toMatchObject({ code: 'not_found' })
    await give('connection', name, claims, [sales])
    expect(await client(ofSales).getConnection({ params: { name } })).toMatchObject({ secret: 'crm-token' })
    const denied = { code: 'permission_denied' }
    await expect(client(ofSales).deleteConnection({ params: { name } })).rejects.toMatchObject(denied)
    await expect(client(ofSales).putConnection(put('crm-token'))).rejects.toMatchObject({ code: 'not_found' })
    await expect(
      client(ofSales).putSecret({ params: { name: 'crm-token' }, body: { value: 'x' } }),
    ).rejects.toMatchObject(denied)
    const { items } = await owner().listAudit({ query: { action: 'connection.deleted' } })
    expect(items).toEqual([])
  })

  test('that was given to another team keeps the value of its secret', async () => {
    await give('connection', name, sales)
    const client = on.client(ofClaims)
    await expect(client.deleteSecret({ params: { name: 'crm-token' } })).rejects.toMatchObject({ code: 'conflict' })
    expect(await client.getSecret({ params: { name: 'crm-token' } })).toMatchObject({ version: 1 })
    await on.client(ofSales).deleteConnection({ params: { name } })
    const { items } = await owner().listAudit({ query: { action: 'connection.deleted' } })
    expect(items).toMatchObject([{ subject: { id: name } }])
    await client.deleteSecret({ params: { name: 'crm-token' } })
  })
})

describe('an agent that is shared with a team', () => {
  const releases = '/agents/assistant/releases/production'
  test.each([
    ['released', 'PUT', releases, { version: 1 }],
    ['promoted', 'POST', `${releases}/promote`, {}],
    ['rolled back', 'POST', `${releases}/rollback`, {}],
    ['tried in a version', 'POST', '/agents/assistant/runs', { message: 'a', version: 1, environment: 'development' }],
  ])('is not %s by it, and it is told that this is for the owning team', async (_, method, path, body) => {
    const answer = await on.request(ofSales, method, `/api/v1${path}`, body)
    expect(answer, answer.text).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
    expect(answer.text).toContain('the team that owns it')
  })
})

test("a team's owner is no owner of the tenant when that asks for one to release", async () => {
  const agent = `released-${randomUUID()}`
  const client = on.client(ofClaims)
  await client.createAgent({ body: { name: agent } })
  await client.createAgentVersion({ params: { name: agent }, body: { description: 'the next one' } })
  for (const environment of ['development', 'staging'] as const) {
    await on.client(on.acme.key).setRelease({ params: { name: agent, environment }, body: { version: 2 } })
  }
  await owner().updateOwnTenant({ body: { productionApprovals: { required: 1, role: 'owner' } } })
  const { request } = await client.promoteRelease({
    params: { name: agent, environment: 'production' },
    body: {},
  })
  const decide = (key: string) =>
    on.client(key).decideReleaseRequest({ params: { id: request?.id ?? '' }, body: { decision: 'approve' } })
  await expect(decide(await join(claims, ['owner']))).rejects.toMatchObject({ code: 'permission_denied' })
  expect(await decide(on.acme.key)).toMatchObject({ status: 'approved' })
  await owner().updateOwnTenant({ body: { productionApprovals: null } })
})

test('of two teams that make the same at once one has it, and the other is told', async () => {
  const value = 'a value'
  const put = (key: string, name: string) => on.client(key).putSecret({ params: { name }, body: { value } })
  for (let round = 0; round < 5; round += 1) {
    const name = `wanted-${randomUUID()}`
    const outcomes = await Promise.allSettled([put(ofClaims, name), put(ofSales, name)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(outcomes).toContainEqual(
      expect.objectContaining({ reason: expect.objectContaining({ code: 'permission_denied' }) }),
    )
  }
})
