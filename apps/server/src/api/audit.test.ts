import { randomUUID } from 'node:crypto'
import { type AuditAction, type Operation, type OperationId, operations } from '@freehold/contracts'
import {
  createTestPlatform,
  furnishTenant,
  type Ground,
  sampleRequests,
  type TestPlatform,
  type TestResponse,
} from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** What each operation that changes something is called in the audit trail. */
const recorded: Partial<Record<OperationId, AuditAction>> = {
  createTenant: 'tenant.created',
  applyTenant: 'tenant.created',
  suspendTenant: 'tenant.suspended',
  resumeTenant: 'tenant.resumed',
  deleteTenant: 'tenant.deletion-started',
  importTenant: 'tenant.imported',
  issueTenantKey: 'key.created',
  updateOwnTenant: 'tenant.updated',
  setTenantPlan: 'tenant.plan-set',
  putBranding: 'branding.set',
  putLogo: 'branding.logo-set',
  deleteLogo: 'branding.logo-deleted',
  claimHost: 'branding.host-claimed',
  verifyHost: 'branding.host-verified',
  releaseHost: 'branding.host-released',
  createKey: 'key.created',
  revokeKey: 'key.revoked',
  createServiceAccount: 'member.added',
  startSupport: 'support.started',
  updateMember: 'member.updated',
  removeMember: 'member.removed',
  createInvitation: 'invitation.created',
  revokeInvitation: 'invitation.revoked',
  acceptInvitation: 'invitation.accepted',
  createTeam: 'team.created',
  updateTeam: 'team.updated',
  deleteTeam: 'team.deleted',
  putTeamMember: 'team.member-set',
  removeTeamMember: 'team.member-removed',
  setOwner: 'owner.set',
  createAgent: 'agent.created',
  createAgentVersion: 'agent.version-added',
  setRelease: 'release.set',
  promoteRelease: 'release.promoted',
  rollBackRelease: 'release.rolled-back',
  decideReleaseRequest: 'release.decided',
  cancelRun: 'run.cancelled',
  redriveRun: 'run.redriven',
  redriveRuns: 'run.redriven',
  decideRun: 'run.decided',
  decideApproval: 'approval.decided',
  putFlag: 'flag.set',
  deleteFlag: 'flag.deleted',
  createBudget: 'budget.created',
  updateBudget: 'budget.updated',
  deleteBudget: 'budget.deleted',
  pruneAudit: 'audit.pruned',
  putSecret: 'secret.set',
  deleteSecret: 'secret.deleted',
  putConnection: 'connection.set',
  deleteConnection: 'connection.deleted',
  putService: 'service.set',
  deleteService: 'service.deleted',
  putServiceConsumer: 'service.consumer-set',
  deleteServiceConsumer: 'service.consumer-removed',
  createSchedule: 'schedule.created',
  updateSchedule: 'schedule.updated',
  deleteSchedule: 'schedule.deleted',
  createWebhook: 'webhook.created',
  updateWebhook: 'webhook.updated',
  deleteWebhook: 'webhook.deleted',
  rotateWebhookSecret: 'webhook.secret-rotated',
}

/** What another entry comes before: the vault is no part of the transaction. */
const begun: Partial<Record<OperationId, AuditAction>> = { putSecret: 'secret.set-begun' }

/** And those that leave no entry, with the reason. */
const unrecorded: Partial<Record<OperationId, string>> = {
  evaluateFlag: 'nothing changes by asking',
  startRun: 'the journal of the run says who started it',
  triggerSchedule: 'the journal of the run says who started it',
  testWebhook: 'the journal of the delivery says who asked for it',
  checkService: 'it writes nothing',
  rotateDataKey: 'nothing of the tenant changes but how it is encrypted',
  rewrapKeys: 'nothing of a tenant changes but how its data key is encrypted',
  putPlan: 'a plan belongs to no tenant; what a tenant is on is recorded by setTenantPlan',
}

let on: TestPlatform
let ground: Ground
let auditor: string

beforeAll(async () => {
  on = await createTestPlatform()
  ground = await furnishTenant(on, on.acme)
  auditor = (await on.client(on.acme.key).createKey({ body: { name: 'auditor', scopes: ['audit:read'] } })).apiKey
})

afterAll(() => on.close())

const changing = Object.entries<Operation>(operations)
  // `operations` and its entries' names come from one object.
  .map(([id, operation]) => ({ id: id as OperationId, operation }))
  .filter(({ operation }) => operation.method !== 'get')

/** Asks for an operation on acme's ground, as whoever it is for. */
function ask(id: OperationId, headers: Record<string, string>, body: unknown, key?: string): Promise<TestResponse> {
  const operation: Operation = operations[id]
  const params = sampleRequests[id]?.params?.(ground) ?? {}
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
  return on.request(key ?? credentialFor(operation), operation.method.toUpperCase(), `/api/v1${path}`, body, headers)
}

function credentialFor({ permission }: Operation): string {
  if (permission === 'platform:support') return ground.support
  if (permission === null) return ground.guest
  return permission.startsWith('platform:') ? on.operatorKey : on.acme.key
}

function kindOfActor({ permission }: Operation): string {
  if (permission === null || permission === 'platform:support') return 'person'
  return permission.startsWith('platform:') ? 'operator' : 'api_key'
}

const bodyOf = (id: OperationId) =>
  'body' in operations[id] ? sampleRequests[id]?.body?.(ground) : sampleRequests[id]?.upload?.(ground)

/** The entries that a request left, on whatever tenant's ground. */
const entriesOf = (requestId: string) =>
  on.asSuperuser<{ action: string }>('select * from audit_entries where request_id = $1 order by seq', [requestId])

test('every operation that changes something is recorded, or has a reason why not', () => {
  const known = [...Object.keys(recorded), ...Object.keys(unrecorded)]
  expect(known.toSorted()).toEqual(changing.map(({ id }) => id).toSorted())
})

describe('what leaves one entry', () => {
  test.each(changing.filter(({ id }) => recorded[id]))('$id', async ({ id, operation }) => {
    const requestId = randomUUID()
    const headers = { 'x-request-id': requestId, ...(operation.idempotency && { 'idempotency-key': requestId }) }
    const body = bodyOf(id)
    const answer = await ask(id, headers, body)
    expect(answer.status, answer.text).toBe(operation.status)
    const entry = {
      subject_kind: recorded[id]?.split('.')[0],
      actor: expect.stringContaining(`${kindOfActor(operation)}:`),
      address: 'in-process',
    }
    const entries = [begun[id], recorded[id]].filter((action) => action !== undefined)
    expect(await entriesOf(requestId)).toEqual(entries.map((action) => expect.objectContaining({ ...entry, action })))
    if (!operation.idempotency) return
    expect(await ask(id, headers, body)).toMatchObject({ status: operation.status, body: answer.body })
    expect(await entriesOf(requestId)).toHaveLength(1)
  })
})

describe('what leaves none', () => {
  test.each(changing.filter(({ id }) => unrecorded[id]))('$id', async ({ id, operation }) => {
    const requestId = randomUUID()
    const answer = await ask(id, { 'x-request-id': requestId }, bodyOf(id))
    expect(answer.status, answer.text).toBe(operation.status)
    expect(await entriesOf(requestId)).toEqual([])
  })

  test.each(changing)('$id, when it is refused', async ({ id }) => {
    const requestId = randomUUID()
    const answer = await ask(id, { 'x-request-id': requestId }, bodyOf(id), auditor)
    expect([403, 404]).toContain(answer.status)
    expect(await entriesOf(requestId)).toEqual([])
  })
})

test.each(['actor', 'subject'])('nobody has a NUL character as the %s', async (name) => {
  const answer = await on.request(auditor, 'GET', `/api/v1/audit?${name}=%00`)
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining(`query.${name}`) } })
})

test('after all that the chains are whole, and hold no key', async () => {
  const client = on.client(auditor)
  expect(await client.verifyAudit({ query: {} })).toMatchObject({ ok: true, problem: null })
  const [found] = await on.asSuperuser<{ text: string }>(`select string_agg(e::text, ' ') as text from audit_entries e`)
  expect(found?.text).not.toMatch(/fh[to]_[\w-]{43}|whsec_/)
  for (const key of [on.acme.key, on.operatorKey, auditor]) expect(found?.text).not.toContain(key)
})
