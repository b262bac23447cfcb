import {
  buildOpenApiDocument,
  type Permission,
  type PlatformRole,
  platformPermissions,
  platformRolePermissions,
  platformRoles,
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
type Place = 'own tenant' | 'own team' | 'other team' | 'other tenant'

type Someone = { token: string } & ({ place: Place; role: TenantRole } | { place: 'platform'; role: PlatformRole })

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
  for (const role of platformRoles) people.push(await employ(role))
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

/** Somebody of the installation, who belongs to no tenant. */
async function employ(role: PlatformRole): Promise<Someone> {
  const token = on.tokenFor({ subject: `${role} of the platform`, email: `${role}@platform.example.com` })
  const { actor } = await on.client(token).whoami()
  await on.asSuperuser('update people set platform_role = $1 where id = $2', [role, actor.id])
  return { place: 'platform', role, token }
}

function ask(token: string | null, { id, path, method, hasBody }: Described): Promise<TestResponse> {
  const { params, query = '', body, upload } = sampleRequests[id] ?? {}
  const sent = hasBody ? body?.(ground) : upload?.(ground)
  return on.request(token, method, fill(path, params?.(ground)) + query, sent)
}

/** With a body and a query that no operation takes. */
function askWrongly(token: string, { id, path, method, hasBody }: Described): Promise<TestResponse> {
  const asked = `${fill(path, sampleRequests[id]?.params?.(ground))}?unknown=1`
  return on.request(token, method, asked, hasBody ? { unknown: 1 } : undefined)
}

function fill(path: string, params: Record<string, string> = {}): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
}

function isAllowed({ place, role }: Someone, permission: Permission): boolean {
  const held: readonly Permission[] = place === 'platform' ? platformRolePermissions[role] : rolePermissions[role]
  const isOfTenant = place !== 'own team' && place !== 'other team'
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
const needing = described.flatMap(({ permission, ...operation }) =>
  // The document is made from the closed list.
  permission === undefined ? [] : [{ ...operation, permission: permission as Permission }],
)
const isOfPlatform = ({ permission }: { permission: Permission }) =>
  (platformPermissions as readonly Permission[]).includes(permission)
const ofTenants = needing.filter((operation) => !isOfPlatform(operation))

describe.each(ofTenants)('$id needs $permission', ({ permission, ...rest }) => {
  const operation: Described = { ...rest, permission }
  const addressesOne = operation.params.length > 0
  // In another tenant the name is free.
  const putsByName = ['putSecret', 'putConnection', 'putFlag', 'putService'].includes(operation.id)
  const refused = { status: 403, body: { code: 'permission_denied' } }

  test('and is refused to every role without it, wherever that is held', async () => {
    const before = await snapshotTenant(on, on.acme.id)
    for (const someone of people.filter((each) => !isAllowed(each, permission))) {
      const who = `${someone.role}, ${someone.place}`
      expect(await ask(someone.token, operation), who).toMatchObject(refused)
      // What is wrong with a request is not told to whoever may not make it.
      expect(await askWrongly(someone.token, operation), who).toMatchObject(refused)
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

describe('an operation that needs no permission', () => {
  const needingNone = described.filter(({ permission }) => permission === undefined)
  const operationOf = (id: string) => needingNone.filter((each) => each.id === id)

  test('is one of these, and needs somebody all the same', async () => {
    expect(needingNone.map(({ id }) => id)).toEqual(['whoami', 'acceptInvitation'])
    for (const operation of needingNone) expect(await ask(null, operation)).toMatchObject({ status: 401 })
  })

  test.each(operationOf('whoami'))('$id tells everybody who they are, and nothing of others', async (operation) => {
    const own = { id: on.acme.id }
    const tenants = { 'own tenant': own, 'own team': own, 'other team': own, 'other tenant': { id: on.globex.id } }
    for (const { place, role, token } of people) {
      const tenant = place === 'platform' ? null : tenants[place]
      const answer = await ask(token, operation)
      expect(answer, `${role}, ${place}: ${answer.text}`).toMatchObject({ status: 200, body: { tenant } })
      for (const mark of marks()) expect(answer.text).not.toContain(mark)
    }
  })

  test.each(operationOf('acceptInvitation'))("$id gives nobody what is another's", async (operation) => {
    const before = await snapshotTenant(on, on.acme.id)
    for (const { place, role, token } of people) {
      expect(await ask(token, operation), `${role}, ${place}`).toMatchObject({ status: 404 })
    }
    expect(await snapshotTenant(on, on.acme.id)).toEqual(before)
  })
})

describe.each(needing.filter(isOfPlatform))('$id needs $permission', ({ permission, ...rest }) => {
  const operation: Described = { ...rest, permission }
  // Whether there is such a tenant is told to nobody without it.
  const status = operation.path.startsWith('/api/v1/tenants/{id}') ? 404 : 403
  const snapshots = () => Promise.all([on.acme.id, ground.spareTenant].map((id) => snapshotTenant(on, id)))

  test('and is refused to every role of a tenant, a team or the platform without it', async () => {
    const before = await snapshots()
    for (const someone of people.filter((each) => each.place !== 'platform' || !isAllowed(each, permission))) {
      const who = `${someone.role}, ${someone.place}`
      expect(await ask(someone.token, operation), who).toMatchObject({ status })
      expect(await askWrongly(someone.token, operation), who).toMatchObject({ status })
    }
    expect(await snapshots()).toEqual(before)
  })

  test('and is open to every role of the platform with it', async () => {
    for (const someone of people.filter((each) => each.place === 'platform' && isAllowed(each, permission))) {
      const answer = await ask(someone.token, operation)
      expect(answer.status, `${someone.role}: ${answer.text}`).toBeLessThan(300)
    }
  })
})
