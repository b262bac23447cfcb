import { randomUUID } from 'node:crypto'
import type { CreatedInvitation, TenantRole } from '@freehold/contracts'
import { createTestPlatform, type PostgresServer, startPostgres, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

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

function someone() {
  const subject = randomUUID()
  const email = `${subject}@example.com`
  return { email, token: on.tokenFor({ subject, email }) }
}

const invite = (email: string, roles: TenantRole[], teams: { id: string; roles: TenantRole[] }[] = []) =>
  owner().createInvitation({ body: { email, roles, teams } })
const accept = (token: string, invitation: CreatedInvitation) =>
  on.client(token).acceptInvitation({ body: { token: invitation.token } })

async function statusOf(...invitations: CreatedInvitation[]) {
  const { items } = await owner().listInvitations({ query: { limit: 200 } })
  return invitations.map(({ id }) => items.find((each) => each.id === id)?.status)
}

test('a second invitation of an address replaces the first, which the audit trail says', async () => {
  const who = someone()
  const first = await invite(who.email, ['admin'])
  const second = await invite(who.email.toUpperCase(), ['viewer'])
  expect(await statusOf(first, second)).toEqual(['revoked', 'pending'])
  await expect(accept(who.token, first)).rejects.toMatchObject({ code: 'not_found' })
  expect(await accept(who.token, second)).toMatchObject({ roles: ['viewer'] })
  const { items } = await owner().listAudit({ query: { subject: first.id } })
  expect(items.map(({ action }) => action)).toEqual(['invitation.revoked', 'invitation.created'])
})

test('of many invitations of an address at once, one is left', async () => {
  const { email } = someone()
  const all = await Promise.all(Array.from({ length: 5 }, () => invite(email, ['viewer'])))
  expect((await statusOf(...all)).filter((status) => status === 'pending')).toHaveLength(1)
})

test('an address takes one place of the plan, however often it is invited', async () => {
  const { id, key } = await on.createTenant(`small ${randomUUID()}`)
  const plan = `two-${randomUUID().slice(0, 8)}`
  const body = { weight: 1, maxRunningRuns: 1, maxQueuedRuns: 1, quotas: { members: 1 } }
  expect(await on.request(on.operatorKey, 'PUT', `/api/v1/plans/${plan}`, body)).toMatchObject({ status: 200 })
  await on.client(on.operatorKey).setTenantPlan({ params: { id }, body: { plan } })
  const ask = (email: string) => on.client(key).createInvitation({ body: { email, roles: ['viewer'] } })
  await ask('one@example.com')
  await ask('one@example.com')
  await expect(ask('two@example.com')).rejects.toMatchObject({ code: 'quota_exceeded' })
})

test('who is removed has no invitation left to come back by; a new one lets them in', async () => {
  const who = someone()
  await accept(who.token, await invite(who.email, ['viewer']))
  const pending = await invite(who.email, ['admin'])
  const { id } = (await on.client(who.token).whoami()).actor
  await owner().removeMember({ params: { id } })
  expect(await statusOf(pending)).toEqual(['revoked'])
  await expect(accept(who.token, pending)).rejects.toMatchObject({ code: 'not_found' })
  expect(await accept(who.token, await invite(who.email, ['builder']))).toMatchObject({ roles: ['builder'] })
})

test('who gets other roles has no invitation left to more, but still those to teams', async () => {
  const who = someone()
  const team = await owner().createTeam({ body: { name: `team ${randomUUID()}` } })
  await accept(who.token, await invite(who.email, ['viewer']))
  const { id } = (await on.client(who.token).whoami()).actor
  const more = await invite(who.email, ['admin'])
  await owner().updateMember({ params: { id }, body: { roles: ['operator'] } })
  expect(await statusOf(more)).toEqual(['revoked'])
  const toTeam = await invite(who.email, [], [{ id: team.id, roles: ['builder'] }])
  await owner().updateMember({ params: { id }, body: { roles: ['viewer'] } })
  expect(await statusOf(toTeam)).toEqual(['pending'])
  expect(await accept(who.token, toTeam)).toMatchObject({ roles: ['viewer'], teams: [{ id: team.id }] })
})

test('accepting and being removed at the same moment leave nobody in by what was taken back', async () => {
  const who = someone()
  await accept(who.token, await invite(who.email, ['viewer']))
  const { id } = (await on.client(who.token).whoami()).actor
  const pending = await invite(who.email, ['admin'])
  const removing = owner().removeMember({ params: { id } })
  await Promise.allSettled([accept(who.token, pending), removing])
  await removing
  const { items } = await owner().listMembers({ query: { limit: 200 } })
  expect(items.some((member) => member.id === id)).toBe(false)
})
