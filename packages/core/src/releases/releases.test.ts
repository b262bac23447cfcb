import { agentConfigSchema, type Environment, type TenantRole, tenantPermissions } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAgent, createAgentVersion } from '../agents/agents.ts'
import { listAudit } from '../audit/list-entries.ts'
import type { Caller } from '../identity/caller.ts'
import { updateOwnTenant } from '../tenancy/tenants.ts'
import { diffAgentVersions } from './diff-versions.ts'
import { decideReleaseRequest, getReleaseRequest, listReleaseRequests } from './release-requests.ts'
import { getRelease, listReleaseHistory, promoteRelease, rollBackRelease, setRelease } from './releases.ts'

let on: TestPlatform
let tenants = 0

beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

/** Somebody of a tenant of their own, with an agent `bot` of so many versions. */
async function open(versions: number): Promise<Caller> {
  tenants += 1
  const caller = on.caller(await on.createTenant(`tenant ${tenants}`))
  await createAgent(caller, { name: 'bot', ...agentConfigSchema.parse({}) })
  for (let version = 2; version <= versions; version += 1) {
    await createAgentVersion(caller, 'bot', agentConfigSchema.parse({ description: `version ${version}` }))
  }
  return caller
}

/** A colleague, without the right to force a release. */
function colleague(caller: Caller, id: string, roles: TenantRole[] = []): Caller {
  const permissions = new Set(tenantPermissions.filter((permission) => permission !== 'releases:force'))
  return { ...caller, actor: { kind: 'api_key', id, name: id }, roles, permissions }
}

const to = (environment: Environment) => ({ agent: 'bot', environment })
const kindsIn = async (caller: Caller, environment: Environment) =>
  (await listReleaseHistory(caller, { ...to(environment), limit: 50 })).items.map(({ kind }) => kind)

it('a version gets into an environment from the one before only', async () => {
  const caller = colleague(await open(2), 'ann')
  await expect(setRelease(caller, { ...to('production'), version: 2 })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('has not served in staging'),
  })
  await expect(promoteRelease(caller, { ...to('production'), version: 2 })).rejects.toMatchObject({ code: 'conflict' })
  await setRelease(caller, { ...to('development'), version: 2, comment: 'try it' })
  await expect(setRelease(caller, { ...to('production'), version: 2 })).rejects.toMatchObject({ code: 'conflict' })
  expect(await promoteRelease(caller, to('staging'))).toMatchObject({ release: { version: 2 }, request: null })
  expect(await promoteRelease(caller, to('production'))).toMatchObject({ release: { version: 2 }, request: null })
  await expect(promoteRelease(caller, to('production'))).rejects.toMatchObject({
    message: 'Version 2 serves in production already.',
  })
  await expect(promoteRelease(caller, to('development'))).rejects.toMatchObject({ code: 'invalid_request' })
  const { items } = await listReleaseHistory(caller, { ...to('production'), limit: 50 })
  expect(items).toMatchObject([
    { number: 2, kind: 'promotion', version: 2, replacedVersion: 1, by: 'api_key:ann', forced: false },
    { number: 1, kind: 'created', version: 1, replacedVersion: null },
  ])
})

it('who has the permission can force a release, and the history says so', async () => {
  const caller = await open(2)
  expect(await setRelease(caller, { ...to('production'), version: 2 })).toMatchObject({ version: 2, canary: null })
  const { items } = await listReleaseHistory(caller, { ...to('production'), limit: 1 })
  expect(items).toMatchObject([{ kind: 'direct', forced: true }])
  // Asked again, nothing changes.
  await setRelease(caller, { ...to('production'), version: 2 })
  expect(await kindsIn(caller, 'production')).toEqual(['direct', 'created'])
  const audited = await listAudit(caller, { subject: 'bot/production', limit: 5 })
  expect(audited.items).toMatchObject([
    { action: 'release.set', before: { version: 2 }, after: { version: 2 } },
    { action: 'release.set', before: { version: 1 }, after: { version: 2, forced: true } },
  ])
})

it('a rollback goes back to the release before, step by step, and no further', async () => {
  const caller = await open(3)
  for (const version of [2, 3]) await setRelease(caller, { ...to('production'), version })
  expect(await rollBackRelease(caller, { ...to('production'), from: 3 })).toMatchObject({ version: 2 })
  await expect(rollBackRelease(caller, { ...to('production'), from: 3 })).rejects.toMatchObject({ code: 'conflict' })
  expect(await rollBackRelease(caller, to('production'))).toMatchObject({ version: 1 })
  await expect(rollBackRelease(caller, to('production'))).rejects.toMatchObject({
    message: expect.stringContaining('There is no release before version 1'),
  })
  expect(await kindsIn(caller, 'production')).toEqual(['rollback', 'rollback', 'direct', 'direct', 'created'])
})

it('changes at the same moment follow each other in the history', async () => {
  const caller = await open(5)
  await Promise.all([2, 3, 4, 5].map((version) => setRelease(caller, { ...to('development'), version })))
  const { items } = await listReleaseHistory(caller, { ...to('development'), limit: 50 })
  expect(items.map(({ number }) => number)).toEqual([5, 4, 3, 2, 1])
  for (const [index, { replacedVersion }] of items.entries()) {
    expect(replacedVersion).toBe(items[index + 1]?.version ?? null)
  }
})

/** A tenant where so many have to approve what gets into production, and version 2 waits in staging. */
async function openWithApprovals(required: number, role: TenantRole | null): Promise<Caller> {
  const caller = await open(3)
  await updateOwnTenant(caller, { productionApprovals: { required, role } })
  for (const environment of ['development', 'staging'] as const)
    await setRelease(caller, { ...to(environment), version: 2 })
  return caller
}

async function expectSuperseded(caller: Caller, id = ''): Promise<void> {
  expect(await getReleaseRequest(caller, id)).toMatchObject({ status: 'superseded' })
  await expect(decideReleaseRequest(caller, id, { decision: 'approve' })).rejects.toMatchObject({ code: 'conflict' })
}

it('a promotion to production waits until as many others as needed have approved it, then happens once', async () => {
  const caller = await openWithApprovals(2, 'admin')
  const [ann, bob, cleo, dan] = [
    colleague(caller, 'ann', ['admin']),
    colleague(caller, 'bob', ['admin']),
    colleague(caller, 'cleo', ['admin']),
    colleague(caller, 'dan', ['builder']),
  ]
  await expect(setRelease(ann, { ...to('production'), version: 2 })).rejects.toMatchObject({
    message: expect.stringContaining('asks for approval'),
  })
  const { request, release } = await promoteRelease(ann, { ...to('production'), comment: 'it did well' })
  expect(request).toMatchObject({ status: 'pending', version: 2, replacesVersion: 1, required: 2, role: 'admin' })
  expect(release).toMatchObject({ version: 1 })
  const id = request?.id ?? ''
  await expect(promoteRelease(bob, to('production'))).rejects.toMatchObject({ code: 'conflict' })
  await expect(decideReleaseRequest(ann, id, { decision: 'approve' })).rejects.toMatchObject({
    code: 'permission_denied',
  })
  await expect(decideReleaseRequest(dan, id, { decision: 'approve' })).rejects.toMatchObject({
    code: 'permission_denied',
  })
  expect(await decideReleaseRequest(bob, id, { decision: 'approve' })).toMatchObject({ status: 'pending' })
  await expect(decideReleaseRequest(bob, id, { decision: 'approve' })).rejects.toMatchObject({ code: 'conflict' })
  expect(await getRelease(ann, to('production'))).toMatchObject({ version: 1 })
  expect(await decideReleaseRequest(cleo, id, { decision: 'approve' })).toMatchObject({ status: 'approved' })
  expect(await getRelease(ann, to('production'))).toMatchObject({ version: 2 })
  await expect(decideReleaseRequest(dan, id, { decision: 'reject' })).rejects.toMatchObject({ code: 'conflict' })
  const { items } = await listReleaseHistory(ann, { ...to('production'), limit: 1 })
  expect(items).toMatchObject([
    { kind: 'promotion', by: 'api_key:ann', approvedBy: ['api_key:bob', 'api_key:cleo'], comment: 'it did well' },
  ])
  // The audit trail tells what was approved, and finds it by what was released.
  const { items: decided } = await listAudit(caller, { subject: 'bot/production', action: 'release.decided', limit: 5 })
  expect(decided).toMatchObject([
    { actor: 'api_key:cleo', after: { request: id, decision: 'approve', version: 2, status: 'approved' } },
    { actor: 'api_key:bob', after: { request: id, decision: 'approve', version: 2, status: 'pending' } },
  ])
  // To get away from it takes nobody's approval.
  expect(await rollBackRelease(ann, to('production'))).toMatchObject({ version: 1 })
})

it('one rejection ends a request, also by who asked', async () => {
  const caller = await openWithApprovals(1, null)
  const [ann, bob] = [colleague(caller, 'ann'), colleague(caller, 'bob')]
  for (const decider of [bob, ann]) {
    const { request } = await promoteRelease(ann, to('production'))
    const rejected = await decideReleaseRequest(decider, request?.id ?? '', { decision: 'reject', comment: 'not now' })
    expect(rejected).toMatchObject({ status: 'rejected', decisions: [{ decision: 'reject', comment: 'not now' }] })
  }
  expect(await getRelease(ann, to('production'))).toMatchObject({ version: 1 })
  expect((await listReleaseRequests(ann, { limit: 10, status: 'rejected' })).items).toHaveLength(2)
})

it('a canary needs the approval, too, and a request for what was replaced meanwhile releases nothing', async () => {
  const caller = await openWithApprovals(1, null)
  const [ann, bob] = [colleague(caller, 'ann'), colleague(caller, 'bob')]
  const canary = { percent: 10, minRuns: 20, maxErrorPoints: 10, maxCostPercent: null }
  const first = await promoteRelease(ann, { ...to('production'), canary })
  await decideReleaseRequest(bob, first.request?.id ?? '', { decision: 'approve' })
  expect(await getRelease(ann, to('production'))).toMatchObject({ version: 1, canary: { version: 2, percent: 10 } })

  const second = await promoteRelease(ann, to('production'))
  await setRelease(caller, { ...to('production'), version: 3 })
  await expectSuperseded(bob, second.request?.id)
  // It stands in nobody's way.
  expect(await promoteRelease(ann, to('production'))).toMatchObject({ request: { status: 'pending' } })
  expect(await getRelease(ann, to('production'))).toMatchObject({ version: 3, canary: null })
})

it('another share leaves the thresholds of a canary as they were chosen, also with an approval', async () => {
  const caller = await openWithApprovals(1, null)
  const [ann, bob] = [colleague(caller, 'ann'), colleague(caller, 'bob')]
  const chosen = { minRuns: 3, maxErrorPoints: 1, maxCostPercent: null }
  await setRelease(caller, { ...to('production'), version: 2, canary: { percent: 10, ...chosen } })
  const widened = await setRelease(caller, { ...to('production'), version: 2, canary: { percent: 20 } })
  expect(widened.canary).toMatchObject({ percent: 20, ...chosen })
  const canary = { percent: 50, maxErrorPoints: 5 }
  const { request } = await promoteRelease(ann, { ...to('production'), canary })
  expect(request?.canary).toEqual({ ...chosen, ...canary })
  await decideReleaseRequest(bob, request?.id ?? '', { decision: 'approve' })
  expect((await getRelease(ann, to('production'))).canary).toMatchObject({ ...chosen, ...canary })
  // Another version is another trial.
  const other = await setRelease(caller, { ...to('production'), version: 3, canary: { percent: 10 } })
  expect(other.canary).toMatchObject({ minRuns: 20, maxErrorPoints: 10, maxCostPercent: 50 })
})

it('a request to widen a canary does not bring it back after it was rolled back', async () => {
  const caller = await openWithApprovals(1, null)
  const [ann, bob] = [colleague(caller, 'ann'), colleague(caller, 'bob')]
  const canary = { percent: 10, minRuns: 20, maxErrorPoints: 10, maxCostPercent: 50 }
  await setRelease(caller, { ...to('production'), version: 2, canary })
  const { request } = await promoteRelease(ann, { ...to('production'), canary: { ...canary, percent: 50 } })
  await rollBackRelease(ann, to('production'))
  await expectSuperseded(bob, request?.id)
  expect(await getRelease(ann, to('production'))).toMatchObject({ version: 1, canary: null })
})

it("another tenant's requests are not found", async () => {
  const caller = await openWithApprovals(1, null)
  const { request } = await promoteRelease(caller, to('production'))
  const other = on.caller(on.globex)
  const id = request?.id ?? ''
  await expect(getReleaseRequest(other, id)).rejects.toMatchObject({ code: 'not_found' })
  await expect(decideReleaseRequest(other, id, { decision: 'approve' })).rejects.toMatchObject({ code: 'not_found' })
})

it('a diff names what differs between two versions, field by field', async () => {
  const caller = await open(1)
  const config = agentConfigSchema.parse({
    model: 'demo',
    prompts: { system: 'Be terse.' },
    tools: ['calculate'],
    limits: { maxSteps: 7 },
    approvals: { tools: { calculate: { require: 'always' } } },
  })
  await createAgentVersion(caller, 'bot', config)
  const diff = await diffAgentVersions(caller, 'bot', {})
  expect(diff).toMatchObject({ agent: 'bot', from: 1, to: 2 })
  expect(diff.changes).toEqual(
    expect.arrayContaining([
      { field: 'model', from: 'default', to: 'demo' },
      { field: 'prompts.system', from: '', to: 'Be terse.' },
      { field: 'tools', from: [], to: ['calculate'] },
      { field: 'limits.maxSteps', from: 40, to: 7 },
    ]),
  )
  expect(diff.changes.some(({ field }) => field.startsWith('approvals.tools'))).toBe(true)
  expect((await diffAgentVersions(caller, 'bot', { from: 2, to: 2 })).changes).toEqual([])
  await expect(diffAgentVersions(caller, 'bot', { from: 9 })).rejects.toMatchObject({ code: 'not_found' })
})
