import {
  buildOpenApiDocument,
  type Permission,
  rolePermissions,
  type TenantRole,
  teamPermissions,
  tenantRoles,
} from '@freehold/contracts'
import {
  createTestPlatform,
  furnishTenant,
  type Ground,
  sampleRequests,
  snapshotTenant,
  type TestPlatform,
  type TestResponse,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Described, describeOperations } from './described-operations.fixture.ts'

/** Where somebody has their role, seen from the things that are asked for: one team of acme owns all of them. */
const places = ['own tenant', 'own team', 'other team', 'other tenant'] as const
type Place = (typeof places)[number]

interface Someone {
  place: Place
  role: TenantRole
  token: string
}

const described = describeOperations(buildOpenApiDocument('test'))
const people: Someone[] = []
let on: TestPlatform
let ground: Ground

beforeAll(async () => {
  on = await createTestPlatform()
  ground = await furnishTenant(on, on.acme)
  await giveEverythingTo(ground.teamId)
  const { id: otherTeam } = await on.client(on.acme.key).createTeam({ body: { name: 'the others' } })
  for (const role of tenantRoles) {
    people.push(await join('own tenant', role, on.acme.key, { roles: [role] }))
    people.push(await join('own team', role, on.acme.key, { teams: [{ id: ground.teamId, roles: [role] }] }))
    people.push(await join('other team', role, on.acme.key, { teams: [{ id: otherTeam, roles: [role] }] }))
    people.push(await join('other tenant', role, on.globex.key, { roles: [role] }))
  }
}, 120_000)

afterAll(() => on.close())

/** What `furnishTenant` made belonged to the tenant as a whole. */
async function giveEverythingTo(teamId: string): Promise<void> {
  const client = on.client(on.acme.key)
  const { agent, promotedAgent, connection, spareConnection, secretName, spareSecret, budgetId } = ground
  const { service, spareService } = ground
  const owned = { agent: [agent, promotedAgent], connection: [connection, spareConnection], budget: [budgetId] }
  for (const [kind, resources] of Object.entries({
    ...owned,
    secret: [secretName, spareSecret],
    service: [service, spareService],
  })) {
    for (const resource of resources) {
      await client.setOwner({ params: { kind: kind as 'agent', resource }, body: { teamId } })
    }
  }
  await on.asSuperuser('insert into resource_owners (tenant_id, kind, resource, team_id) values ($1, $2, $3, $4)', [
    ...[on.acme.id, 'key', ground.keyId, teamId],
  ])
  for (const table of ['agent_runs', 'threads']) {
    await on.asSuperuser(`update ${table} set team = $1 where tenant_id = $2`, [teamId, on.acme.id])
  }
}

type Invited = { roles?: TenantRole[]; teams?: { id: string; roles: TenantRole[] }[] }

async function join(place: Place, role: TenantRole, key: string, invited: Invited): Promise<Someone> {
  const subject = `${role} of ${place}`
  const email = `${subject.replaceAll(' ', '-')}@example.com`
  const { token: invitation } = await on.client(key).createInvitation({ body: { email, ...invited } })
  const token = on.tokenFor({ subject, email })
  await on.client(token).acceptInvitation({ body: { token: invitation } })
  return { place, role, token }
}

function ask(token: string, { id, path, method, hasBody }: Described): Promise<TestResponse> {
  const params = sampleRequests[id]?.params?.(ground) ?? {}
  const body = hasBody ? sampleRequests[id]?.body?.(ground) : undefined
  return on.request(
    token,
    method,
    path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '') + (sampleRequests[id]?.query ?? ''),
    body,
  )
}

function isAllowed({ place, role }: Someone, permission: Permission): boolean {
  const held: readonly Permission[] = rolePermissions[role]
  const isOfTenant = place === 'own tenant' || place === 'other tenant'
  return held.includes(permission) && (isOfTenant || (teamPermissions as readonly Permission[]).includes(permission))
}

const marks = () => [
  ground.secret,
  ground.agent,
  ground.connection,
  ground.secretName,
  ground.finishedRun,
  ground.budgetId,
]
const ofTenants = described.flatMap(({ permission, ...operation }) =>
  permission === undefined || permission.startsWith('platform:')
    ? []
    : // The document is made from the closed list.
      [{ ...operation, permission: permission as Permission }],
)

describe.each(ofTenants)('$id needs $permission', ({ permission, ...rest }) => {
  const operation: Described = { ...rest, permission }
  const addressesOne = operation.params.length > 0
  // In another tenant the name is free.
  const putsByName = ['putSecret', 'putConnection', 'putFlag', 'putService'].includes(operation.id)
  const refused = { status: 403, body: { code: 'permission_denied' } }

  test('and is refused to every role without it, wherever that is held', async () => {
    const before = await snapshotTenant(on, on.acme.id)
    for (const someone of people.filter((each) => !isAllowed(each, permission))) {
      expect(await ask(someone.token, operation), `${someone.role}, ${someone.place}`).toMatchObject(refused)
    }
    expect(await snapshotTenant(on, on.acme.id)).toEqual(before)
  })

  test('and reaches nothing of this team from another team or tenant', async () => {
    const outside = people.filter(({ place }) => place === 'other team' || (place === 'other tenant' && !putsByName))
    const body = JSON.stringify(sampleRequests[operation.id]?.body?.(ground) ?? {})
    for (const someone of outside.filter((each) => isAllowed(each, permission))) {
      const who = `${someone.role}, ${someone.place}`
      const { status, text } = await ask(someone.token, operation)
      if (addressesOne) expect([403, 404], `${who}: ${text}`).toContain(status)
      const untold = addressesOne ? [ground.secret] : marks().filter((mark) => !body.includes(mark))
      for (const mark of untold) expect(text, who).not.toContain(mark)
    }
  })

  test('and is open to every role with it, in the tenant and in the team', async () => {
    const inside = people.filter(({ place }) => place === 'own team' || place === 'own tenant')
    const allowed = inside.filter((each) => isAllowed(each, permission))
    const [first, ...others] = allowed
    if (first) expect((await ask(first.token, operation)).status, first.place).toBeLessThan(300)
    for (const someone of others) {
      // What the first one changed or deleted may be gone, which is no refusal.
      const { status, text } = await ask(someone.token, operation)
      expect(status, `${someone.role}, ${someone.place}: ${text}`).not.toBe(403)
    }
  })
})
