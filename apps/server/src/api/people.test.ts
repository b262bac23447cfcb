import { randomUUID } from 'node:crypto'
import type { TenantRole } from '@freehold/contracts'
import { createTestPlatform, type PostgresServer, startPostgres, type TestPlatform, waitFor } from '@freehold/testkit'
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

interface Someone {
  email: string
  token: string
}

function someone(): Someone {
  const subject = randomUUID()
  const email = `${subject}@example.com`
  return { email, token: on.tokenFor({ subject, email: email.toUpperCase(), name: `name of ${subject}` }) }
}

const whoamiOf = (token: string, tenant?: string) =>
  on.request(token, 'GET', '/api/v1/whoami', undefined, tenant === undefined ? {} : { 'x-tenant-id': tenant })

async function invite(key: string, email: string, roles: TenantRole[]) {
  return on.client(key).createInvitation({ body: { email, roles } })
}

/** Somebody new, with these roles in a tenant. */
async function join(key: string, roles: TenantRole[], who: Someone = someone()): Promise<Someone & { id: string }> {
  const { token } = await invite(key, who.email, roles)
  await on.client(who.token).acceptInvitation({ body: { token } })
  return { ...who, id: (await on.client(who.token).whoami()).actor.id }
}

describe('an invitation', () => {
  test('makes whoever signs in with its address a member, with its roles and no more', async () => {
    const who = someone()
    expect((await whoamiOf(who.token)).body).toMatchObject({ tenant: null, memberships: [], permissions: [] })
    const { token, status } = await invite(on.acme.key, who.email.toUpperCase(), ['viewer', 'operator'])
    expect(status).toBe('pending')
    const membership = { id: on.acme.id, name: 'acme', status: 'active', roles: ['operator', 'viewer'], teams: [] }
    expect(await on.client(who.token).acceptInvitation({ body: { token } })).toEqual(membership)
    const { body } = await whoamiOf(who.token, on.acme.id)
    expect(body).toMatchObject({
      actor: { kind: 'person', name: expect.stringContaining('name of') },
      tenant: { id: on.acme.id },
      memberships: [membership],
      roles: ['operator', 'viewer'],
    })
    const { items } = await on.client(on.acme.key).listMembers({ query: { limit: 200 } })
    expect(items).toContainEqual(expect.objectContaining({ email: who.email, roles: membership.roles }))
  })

  test('is for an address that its issuer still calls verified', async () => {
    const [subject, email] = [randomUUID(), `${randomUUID()}@example.com`]
    const { token } = await invite(on.acme.key, email, ['viewer'])
    const accept = (person: object) =>
      on.client(on.tokenFor({ subject, ...person })).acceptInvitation({ body: { token } })
    await whoamiOf(on.tokenFor({ subject, email, emailVerified: true }))
    await expect(accept({ email, emailVerified: false })).rejects.toMatchObject({ code: 'not_found' })
    await whoamiOf(on.tokenFor({ subject, email, emailVerified: true, name: 'verified again' }))
    // Says nothing of the address.
    expect(await accept({ email: null, emailVerified: false, name: 'says nothing' })).toMatchObject({ name: 'acme' })
  })

  test('is mailed to its address with the token, once', async () => {
    const { email } = someone()
    const body = { email, roles: ['viewer'] }
    const headers = { 'idempotency-key': randomUUID() }
    const ask = () => on.request(on.acme.key, 'POST', '/api/v1/invitations', body, headers)
    const [{ text }] = [await ask(), await ask()]
    // Without a mail server it is in the log.
    const mails = () => on.logs.map((line) => JSON.parse(line)).filter(({ mail }) => mail?.to === email)
    await waitFor(() => mails().length > 0, { what: 'the mail to be sent' })
    expect(mails()).toHaveLength(1)
    expect(mails()[0].mail.text).toContain(JSON.parse(text).token)
    expect(mails()[0].mail.subject).toContain('acme')
  })

  test('is mailed to the owners of a tenant that is set up, too, once', async () => {
    const name = `set-up-${randomUUID()}`
    const mailsTo = (email: string) =>
      on.logs.map((line) => JSON.parse(line)).filter(({ mail }) => mail?.to === email && mail.subject.includes(name))
    const [first, second] = [someone().email, someone().email]
    const headers = { 'idempotency-key': randomUUID() }
    const create = () => on.request(on.operatorKey, 'POST', '/api/v1/tenants', { name, owners: [first] }, headers)
    const [{ text }] = [await create(), await create()]
    const apply = (query: string) =>
      on.request(on.operatorKey, 'POST', `/api/v1/tenants/apply${query}`, { name, owners: [first, second] })
    await apply('?dryRun=true')
    const [applied] = [await apply(''), await apply('')]
    for (const [email, answer] of [
      [first, text],
      [second, applied.text],
    ] as const) {
      await waitFor(() => mailsTo(email).length > 0, { what: 'the mail to be sent' })
      expect(mailsTo(email)).toHaveLength(1)
      expect(mailsTo(email)[0].mail.text).toContain(JSON.parse(answer).invitations[0].token)
    }
  })

  test('accepted again changes nothing', async () => {
    const who = someone()
    const { token } = await invite(on.acme.key, who.email, ['viewer'])
    const accept = () => on.client(who.token).acceptInvitation({ body: { token } })
    const [first, again] = await Promise.all([accept(), accept()])
    expect(again).toEqual(first)
    const [count] = await on.asSuperuser<{ entries: number }>(
      `select count(*)::int as entries from audit_entries where action = 'invitation.accepted' and actor = $1`,
      [`person:${(await on.client(who.token).whoami()).actor.id}`],
    )
    expect(count?.entries).toBe(1)
  })

  test.each(['somebody else', 'a key', 'a wrong token', 'a revoked one', 'an expired one'])(
    'is not accepted by or with %s',
    async (what) => {
      const who = someone()
      const { id, token } = await invite(on.acme.key, who.email, ['viewer'])
      if (what === 'a revoked one') await on.client(on.acme.key).revokeInvitation({ params: { id } })
      if (what === 'an expired one') {
        await on.asSuperuser(`update invitations set expires_at = now() - interval '1 s' where id = $1`, [id])
      }
      const credential = { 'somebody else': someone().token, 'a key': on.globex.key }[what] ?? who.token
      const sent = what === 'a wrong token' ? `${token}x` : token
      const answer = await on.request(credential, 'POST', '/api/v1/invitations/accept', { token: sent })
      expect([403, 404, 409]).toContain(answer.status)
      expect((await whoamiOf(who.token)).body).toMatchObject({ memberships: [] })
    },
  )

  test.each([
    ['no address', { email: 'nobody', roles: ['viewer'] }],
    ['no role', { email: 'a@example.com', roles: [] }],
    ['an unknown role', { email: 'a@example.com', roles: ['king'] }],
    ['a year to accept', { email: 'a@example.com', roles: ['viewer'], expiresInDays: 365 }],
  ])('with %s is refused', async (_, body) => {
    const answer = await on.request(on.acme.key, 'POST', '/api/v1/invitations', body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
  })

  test('that was accepted can not be revoked', async () => {
    const who = someone()
    const { id, token } = await invite(on.acme.key, who.email, ['viewer'])
    await on.client(who.token).acceptInvitation({ body: { token } })
    const revoking = on.client(on.acme.key).revokeInvitation({ params: { id } })
    await expect(revoking).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('a role is given', () => {
  test('by an owner, each; by an admin, each but the owner; by nobody else', async () => {
    const [owner, admin, builder] = [
      await join(on.acme.key, ['owner']),
      await join(on.acme.key, ['admin']),
      await join(on.acme.key, ['builder']),
    ]
    const give = (token: string, role: TenantRole) => invite(token, someone().email, [role])
    expect(await give(owner.token, 'owner')).toMatchObject({ roles: ['owner'] })
    expect(await give(admin.token, 'admin')).toMatchObject({ roles: ['admin'] })
    await expect(give(admin.token, 'owner')).rejects.toMatchObject({ code: 'permission_denied' })
    await expect(give(builder.token, 'viewer')).rejects.toMatchObject({ code: 'permission_denied' })
  })

  test('not by who lacks it to themselves, or from who has it to nobody', async () => {
    const [owner, admin] = [await join(on.acme.key, ['owner']), await join(on.acme.key, ['admin'])]
    const client = on.client(admin.token)
    const toSelf = client.updateMember({ params: { id: admin.id }, body: { roles: ['owner', 'admin'] } })
    await expect(toSelf).rejects.toMatchObject({ code: 'permission_denied' })
    await expect(client.removeMember({ params: { id: owner.id } })).rejects.toMatchObject({ code: 'permission_denied' })
    const demoting = client.updateMember({ params: { id: owner.id }, body: { roles: ['viewer'] } })
    await expect(demoting).rejects.toMatchObject({ code: 'permission_denied' })
  })
})

describe('a membership', () => {
  test('that ends or changes does so for sessions that are under way, within 5 s', async () => {
    const who = await join(on.acme.key, ['viewer', 'builder'])
    const client = on.client(on.acme.key)
    await client.updateMember({ params: { id: who.id }, body: { roles: ['viewer'] } })
    const rolesNow = async () => JSON.stringify((await whoamiOf(who.token)).body).includes('"roles":["viewer"]')
    await withinFiveSeconds(rolesNow, 'the new roles to hold')
    await client.removeMember({ params: { id: who.id } })
    const gone = async () => (await on.request(who.token, 'GET', '/api/v1/agents')).status === 403
    await withinFiveSeconds(gone, 'the former member to be refused')
  })

  test('of the last owner stays, also when two owners go at once', async () => {
    const { id, key } = await on.createTenant(`owned ${randomUUID()}`)
    const owners = [await join(key, ['owner']), await join(key, ['owner'])]
    const leave = owners.map((owner) => on.client(key).removeMember({ params: { id: owner.id } }))
    const outcomes = await Promise.allSettled(leave)
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(outcomes).toContainEqual(expect.objectContaining({ reason: expect.objectContaining({ code: 'conflict' }) }))
    const [left] = await on.asSuperuser<{ owners: number }>(
      'select count(*)::int as owners from memberships where tenant_id = $1',
      [id],
    )
    expect(left?.owners).toBe(1)
  })

  test('of the last person who is an owner stays, since a service account answers for nothing', async () => {
    const { key } = await on.createTenant(`owned ${randomUUID()}`)
    const { id } = await join(key, ['owner'])
    const account = await on.client(key).createServiceAccount({ body: { name: 'ci', roles: ['owner'] } })
    const conflict = { code: 'conflict' }
    await expect(on.client(key).removeMember({ params: { id } })).rejects.toMatchObject(conflict)
    const body = { roles: ['viewer' as const] }
    await expect(on.client(key).updateMember({ params: { id }, body })).rejects.toMatchObject(conflict)
    await on.client(key).removeMember({ params: { id: account.id } })
  })
})

describe('X-Tenant-Id', () => {
  test('chooses among the memberships, by id or name', async () => {
    const who = await join(on.acme.key, ['viewer'])
    await join(on.globex.key, ['admin'], who)
    // The first answer was remembered while there was one membership.
    const ambiguous = async () => (await on.request(who.token, 'GET', '/api/v1/agents')).status === 403
    await withinFiveSeconds(ambiguous, 'two memberships to need a choice')
    expect(await on.request(who.token, 'GET', '/api/v1/agents')).toMatchObject({
      body: { detail: expect.stringContaining('X-Tenant-Id') },
    })
    expect((await whoamiOf(who.token, 'acme')).body).toMatchObject({ tenant: { id: on.acme.id }, roles: ['viewer'] })
    expect((await whoamiOf(who.token, on.globex.id)).body).toMatchObject({
      tenant: { name: 'globex' },
      roles: ['admin'],
    })
  })

  test.each(['globex', 'no-such-tenant', randomUUID(), "'or'1", 'x'.repeat(300)])(
    'never grants: %s is refused in the same words',
    async (chosen) => {
      const who = await join(on.acme.key, ['owner'])
      const answer = await whoamiOf(who.token, chosen)
      expect([400, 403]).toContain(answer.status)
      expect(answer.text).not.toContain(on.globex.id)
    },
  )
})

describe('memberships by a claim', () => {
  const token = (
    subject: string,
    memberships: { tenant: string; roles: TenantRole[] }[],
    issuer = 'https://idp.invalid',
  ) => on.tokenFor({ subject, issuer, email: `${subject}@idp.invalid`, memberships })

  test('come, change and go with the tokens, and stand in the audit trail', async () => {
    const subject = randomUUID()
    const acme = (roles: TenantRole[]) => token(subject, [{ tenant: 'acme', roles }])
    expect((await whoamiOf(acme(['viewer']))).body).toMatchObject({ tenant: { name: 'acme' }, roles: ['viewer'] })
    expect((await whoamiOf(acme(['builder', 'viewer']))).body).toMatchObject({ roles: ['builder', 'viewer'] })
    const gone = await whoamiOf(token(subject, [{ tenant: 'no-such-tenant', roles: ['admin'] }]))
    expect(gone.body).toMatchObject({ tenant: null, memberships: [] })
    const person = `person:${(await on.client(token(subject, [])).whoami()).actor.id}`
    const entries = await on.asSuperuser<{ action: string }>(
      'select action from audit_entries where actor = $1 order by seq',
      [person],
    )
    expect(entries.map(({ action }) => action)).toEqual(['member.added', 'member.updated', 'member.removed'])
  })

  test('leave alone what an invitation or another issuer gave, and make no other person', async () => {
    const who = await join(on.acme.key, ['viewer'])
    const [subject] = who.email.split('@')
    const claiming = on.tokenFor({ subject: subject ?? '', memberships: [{ tenant: 'acme', roles: ['admin'] }] })
    expect((await whoamiOf(claiming)).body).toMatchObject({ actor: { id: who.id }, roles: ['viewer'] })
    const elsewhere = token(subject ?? '', [])
    expect((await on.client(elsewhere).whoami()).actor.id).not.toBe(who.id)
  })

  test('still follow the tokens of whom somebody invited to a team only', async () => {
    const subject = randomUUID()
    const acme = (roles: TenantRole[]) => token(subject, roles.length > 0 ? [{ tenant: 'acme', roles }] : [])
    await whoamiOf(acme(['admin']))
    const team = await on.client(on.acme.key).createTeam({ body: { name: `team ${subject}` } })
    const body = { email: `${subject}@idp.invalid`, teams: [{ id: team.id, roles: ['viewer' as const] }] }
    const { token: invitation } = await on.client(on.acme.key).createInvitation({ body })
    await on.client(acme(['admin'])).acceptInvitation({ body: { token: invitation } })
    const member = { roles: ['viewer'], memberships: [{ teams: [{ id: team.id, roles: ['viewer'] }] }] }
    expect((await whoamiOf(acme(['viewer']))).body).toMatchObject(member)
    expect((await whoamiOf(acme([]))).body).toMatchObject({ tenant: null, memberships: [] })
  })

  test('leave a tenant its last owner, until there is another one', async () => {
    const { name, key } = await on.createTenant(`claimed-${randomUUID()}`)
    const subjects = [randomUUID(), randomUUID()] as const
    const claim = (subject: string, roles: TenantRole[]) => token(subject, [{ tenant: name, roles }])
    for (const subject of subjects) await whoamiOf(claim(subject, ['owner']))
    const ownersLeft = async () => {
      const { items } = await on.client(key).listMembers({ query: { limit: 200 } })
      return items.filter(({ roles }) => roles.includes('owner'))
    }

    await Promise.all([whoamiOf(token(subjects[0], [])), whoamiOf(claim(subjects[1], ['viewer']))])
    const [last, ...others] = await ownersLeft()
    expect(others).toEqual([])
    const subject = subjects.find((each) => last?.email?.startsWith(each)) ?? ''
    expect((await whoamiOf(token(subject, []))).body).toMatchObject({ roles: ['owner'] })
    expect((await whoamiOf(claim(subject, ['builder']))).body).toMatchObject({ roles: ['owner', 'builder'] })

    const next = await join(key, ['owner'])
    expect((await whoamiOf(claim(subject, ['operator']))).body).toMatchObject({ roles: ['operator'] })
    expect(await ownersLeft()).toMatchObject([{ id: next.id }])
  })

  test('many first requests at once make one person', async () => {
    const subject = randomUUID()
    const tokens = Array.from({ length: 8 }, (_, index) => on.tokenFor({ subject, name: `number ${index}` }))
    const ids = await Promise.all(tokens.map(async (each) => (await on.client(each).whoami()).actor.id))
    expect(new Set(ids).size).toBe(1)
  })
})

test('a person of a suspended tenant, and a disabled one, are refused', async () => {
  const tenant = await on.createTenant(`suspended ${randomUUID()}`)
  const who = await join(tenant.key, ['owner'])
  await on.client(on.operatorKey).suspendTenant({ params: { id: tenant.id } })
  expect(await whoamiOf(who.token, tenant.id)).toMatchObject({ status: 403, body: { code: 'tenant_suspended' } })
  // In no tenant they learn that it is theirs, and nothing of it.
  const memberships = [{ name: tenant.name, status: 'suspended' }]
  const outside = () =>
    waitFor(async () => {
      const body = await on.client(who.token).whoami()
      return body.tenant === null && body
    })
  expect(await outside()).toMatchObject({ memberships, permissions: [], roles: [] })
  expect(await on.request(who.token, 'GET', '/api/v1/runs')).toMatchObject({ body: { code: 'tenant_suspended' } })
  await on.client(on.operatorKey).resumeTenant({ params: { id: tenant.id } })
  await on.asSuperuser('update people set disabled_at = now() where id = $1', [who.id])
  expect(await whoamiOf(who.token, tenant.name)).toMatchObject({ status: 401 })
})

test('what people do shows who did it', async () => {
  const who = await join(on.acme.key, ['builder'])
  const agent = await on.client(who.token).createAgent({ body: { name: `by-a-person-${randomUUID()}` } })
  const entries = await on.asSuperuser<{ actor: string }>('select actor from audit_entries where subject_id = $1', [
    agent.name,
  ])
  expect(entries).toEqual([{ actor: `person:${who.id}` }])
})
