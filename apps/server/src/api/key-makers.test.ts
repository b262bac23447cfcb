import { randomUUID } from 'node:crypto'
import type { CreatedApiKey, TenantRole } from '@freehold/contracts'
import { createTestPlatform, type PostgresServer, startPostgres, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withinFiveSeconds } from '../gateway/within-five-seconds.fixture.ts'

let postgres: PostgresServer
let on: TestPlatform

beforeAll(async () => {
  postgres = await startPostgres()
  on = await createTestPlatform({ databaseUrl: await postgres.createDatabase({ migrate: true }) })
})

afterAll(async () => {
  await on.close()
  await postgres.stop()
})

const owner = () => on.client(on.acme.key)

interface Someone {
  id: string
  name: string
  token: string
}

/** Somebody new who is this in acme. */
async function join(roles: TenantRole[], teams: { id: string; roles: TenantRole[] }[] = []): Promise<Someone> {
  const subject = randomUUID()
  const [email, name] = [`${subject}@example.com`, `name of ${subject}`]
  const token = on.tokenFor({ subject, email, name })
  const invitation = await owner().createInvitation({ body: { email, roles, teams } })
  await on.client(token).acceptInvitation({ body: { token: invitation.token } })
  return { id: (await on.client(token).whoami()).actor.id, name, token }
}

async function newTeam(): Promise<string> {
  return (await owner().createTeam({ body: { name: `team ${randomUUID()}` } })).id
}

const makeKey = (maker: string, roles: TenantRole[], more: object = {}): Promise<CreatedApiKey> =>
  on.client(maker).createKey({ body: { name: `${roles.join()} ${randomUUID()}`, roles, ...more } })

const setRoles = (id: string, roles: TenantRole[]) => owner().updateMember({ params: { id }, body: { roles } })

/** Which of these keys are revoked. The database says so at once; the gateway knows within 5 s. */
async function revokedOf(...keys: CreatedApiKey[]): Promise<boolean[]> {
  const rows = await on.asSuperuser<{ id: string }>(
    `select id from api_keys where revoked_at is not null and id::text = any (string_to_array($1, ','))`,
    [keys.map(({ id }) => id).join()],
  )
  return keys.map(({ id }) => rows.some((row) => row.id === id))
}

describe('a key', () => {
  test('tells who made it, also when a key of theirs did; nobody is behind the keys of the operator and of accounts', async () => {
    const ada = await join(['admin'])
    const first = await makeKey(ada.token, ['admin'])
    const second = await makeKey(first.apiKey, ['viewer'])
    const account = await owner().createServiceAccount({ body: { name: 'ci', roles: ['viewer'] } })
    const acting = await makeKey(ada.token, [], { serviceAccountId: account.id })
    const body = { name: 'issued' }
    const issued = await on.client(on.operatorKey).issueTenantKey({ params: { id: on.acme.id }, body })
    const makers = [first, second, acting, issued].map(({ madeBy }) => madeBy)
    const madeByAda = { id: ada.id, name: ada.name }
    expect(makers).toEqual([madeByAda, madeByAda, null, null])
    const { items } = await owner().listKeys({ query: { limit: 200 } })
    expect(items).toContainEqual(expect.objectContaining({ id: second.id, madeBy: madeByAda }))
  })
})

describe('a key that can do more than who made it is revoked', () => {
  test('when they are removed, with all that came of it, and the audit trail says by whom', async () => {
    const ada = await join(['admin'])
    const first = await makeKey(ada.token, ['admin'])
    const second = await makeKey(first.apiKey, ['viewer'])
    const others = await makeKey((await join(['admin'])).token, ['admin'])
    expect(await owner().removeMember({ params: { id: ada.id } })).toMatchObject({ id: ada.id, revokedKeys: 2 })
    expect(await revokedOf(first, second, others)).toEqual([true, true, false])
    const refused = async () =>
      (await on.request(first.apiKey, 'POST', '/api/v1/invitations', { email: 'mole@example.com', roles: ['admin'] }))
        .status === 401
    await withinFiveSeconds(refused, 'the key to stop working')
    const { items } = await owner().listAudit({ query: { action: 'key.revoked', subject: first.id } })
    const { actor } = await owner().whoami()
    expect(items).toMatchObject([{ actor: `api_key:${actor.id}`, after: { madeBy: { id: ada.id } } }])
  })

  test('when they lose roles, and what they may still do, it may, too', async () => {
    const ada = await join(['admin'])
    const asAdmin = await makeKey(ada.token, ['admin'])
    const withScope = await makeKey(ada.token, [], { scopes: ['agents:read', 'agents:write'] })
    const withRole = await makeKey(ada.token, ['operator'], { scopes: ['agents:read'] })
    const asViewer = await makeKey(ada.token, ['viewer'], { scopes: ['agents:read', 'runs:read'] })
    expect(await setRoles(ada.id, ['viewer'])).toMatchObject({ roles: ['viewer'], revokedKeys: 3 })
    expect(await revokedOf(asAdmin, withScope, withRole, asViewer)).toEqual([true, true, true, false])
    // To be more takes nothing away.
    expect(await setRoles(ada.id, ['builder'])).toMatchObject({ revokedKeys: 0 })
  })

  test('when they leave the team that it is of, or are less there', async () => {
    const [team, other] = [await newTeam(), await newTeam()]
    const ada = await join(
      [],
      [
        { id: team, roles: ['admin'] },
        { id: other, roles: ['admin'] },
      ],
    )
    const inTeam = async (id: string, roles: TenantRole[]) => {
      const answer = await on.request(
        ada.token,
        'POST',
        '/api/v1/keys',
        { name: 'of a team', roles },
        { 'x-team-id': id },
      )
      return answer.body as CreatedApiKey
    }
    const keys = [
      await inTeam(team, ['admin']),
      await inTeam(team, ['viewer']),
      await inTeam(other, ['admin']),
    ] as const
    const of = { params: { id: team, person: ada.id } }
    await owner().putTeamMember({ ...of, body: { roles: ['viewer'] } })
    expect(await revokedOf(...keys)).toEqual([true, true, false])
    const params = { id: other, person: ada.id }
    await owner().removeTeamMember({ params })
    expect(await revokedOf(keys[2])).toEqual([true])
  })

  test('when a claim takes their membership away', async () => {
    const subject = randomUUID()
    const claim = (roles: TenantRole[]) =>
      on.tokenFor({
        subject,
        issuer: 'https://idp.invalid',
        memberships: roles.length ? [{ tenant: 'acme', roles }] : [],
      })
    const asAdmin = await makeKey(claim(['admin']), ['admin'])
    const asViewer = await makeKey(claim(['admin']), ['viewer'], { scopes: ['agents:read'] })
    await on.client(claim(['viewer'])).whoami()
    expect(await revokedOf(asAdmin, asViewer)).toEqual([true, false])
    await on.client(claim([])).whoami()
    expect(await revokedOf(asViewer)).toEqual([true])
  })

  test('but those of a service account are held by what that is, whoever made them', async () => {
    const ada = await join(['admin'])
    const account = await owner().createServiceAccount({ body: { name: 'ci', roles: ['admin'] } })
    const acting = await makeKey(ada.token, [], { serviceAccountId: account.id })
    const made = await makeKey(acting.apiKey, ['admin'])
    await owner().removeMember({ params: { id: ada.id } })
    expect(await revokedOf(acting, made)).toEqual([false, false])
    expect(await setRoles(account.id, ['viewer'])).toMatchObject({ revokedKeys: 1 })
    expect(await revokedOf(acting, made)).toEqual([false, true])
    expect(await owner().removeMember({ params: { id: account.id } })).toMatchObject({ revokedKeys: 1 })
    expect(await revokedOf(acting)).toEqual([true])
  })

  test('and none is made with rights that are gone, while the gateway still remembers them', async () => {
    const ada = await join(['admin'])
    const key = await makeKey(ada.token, ['admin'])
    for (const credential of [ada.token, key.apiKey]) await on.client(credential).listAgents()
    const making = [ada.token, key.apiKey].map((credential) => makeKey(credential, ['admin']))
    const [removal, ...made] = await Promise.allSettled([owner().removeMember({ params: { id: ada.id } }), ...making])
    expect(removal).toMatchObject({ status: 'fulfilled' })
    for (const credential of [ada.token, key.apiKey]) {
      await expect(makeKey(credential, ['admin'])).rejects.toMatchObject({
        code: expect.stringMatching('permission_denied|unauthenticated'),
      })
    }
    const keys = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect(await revokedOf(...keys)).toEqual(keys.map(() => true))
  })
})

describe('where two have to agree, a key is the person behind it', () => {
  const approve = (credential: string, id: string, headers = {}) =>
    on.request(credential, 'POST', `/api/v1/release-requests/${id}/decision`, { decision: 'approve' }, headers)

  /** What this person asks to get into production. */
  async function ask(credential: string, required: number, role: 'admin' | null = 'admin'): Promise<string> {
    const name = `agent-${randomUUID()}`
    const params = (environment: 'development' | 'staging' | 'production') => ({ params: { name, environment } })
    await owner().createAgent({ body: { name } })
    await owner().updateOwnTenant({ body: { productionApprovals: { required, role } } })
    await owner().createAgentVersion({ params: { name }, body: { description: 'another one' } })
    await owner().setRelease({ ...params('development'), body: { version: 2 } })
    await owner().promoteRelease({ ...params('staging'), body: {} })
    const { request } = await on.client(credential).promoteRelease({ ...params('production'), body: {} })
    return request?.id ?? ''
  }

  test('nobody approves what they, or a key of theirs, asked for', async () => {
    const [ada, bob] = [await join(['admin']), await join(['admin'])]
    const first = await makeKey(ada.token, ['admin'])
    const second = await makeKey(first.apiKey, ['admin'])
    for (const asking of [ada.token, first.apiKey]) {
      const id = await ask(asking, 1)
      for (const own of [ada.token, first.apiKey, second.apiKey]) {
        expect(await approve(own, id)).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
      }
      expect(await approve(bob.token, id)).toMatchObject({ status: 200, body: { status: 'approved' } })
    }
  })

  test('nor does who acts for a team, from where the key is not seen', async () => {
    const ada = await join(['admin'])
    const key = await makeKey(ada.token, ['admin'])
    const id = await ask(key.apiKey, 1, null)
    const { agent } = await owner().getReleaseRequest({ params: { id } })
    const team = await newTeam()
    await owner().setOwner({ params: { kind: 'agent', resource: agent }, body: { teamId: team, sharedWith: [] } })
    expect(await approve(ada.token, id, { 'x-team-id': team })).toMatchObject({ status: 403 })
    expect(await approve((await join(['admin'])).token, id, { 'x-team-id': team })).toMatchObject({ status: 200 })
  })

  test('nobody approves twice by another key, and a key of nobody is itself', async () => {
    const [ada, bob] = [await join(['admin']), await join(['admin'])]
    const keys = [await makeKey(bob.token, ['admin']), await makeKey(bob.token, ['admin'])] as const
    const id = await ask(ada.token, 2)
    expect(await approve(keys[0].apiKey, id)).toMatchObject({ status: 200, body: { status: 'pending' } })
    for (const again of [keys[0].apiKey, keys[1].apiKey, bob.token]) {
      expect(await approve(again, id)).toMatchObject({ status: 409, body: { code: 'conflict' } })
    }
    const ofNobody = await makeKey(on.acme.key, ['admin'])
    expect(await approve(ofNobody.apiKey, id)).toMatchObject({ status: 200, body: { status: 'approved' } })
  })
})
