// What an archive tells besides what it brings: whether the audit chain was whole, and what stays behind.

import { gunzipSync } from 'node:zlib'
import { createTestPlatform, type TestPlatform, type TestTenant } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAnchoring } from '../../audit/anchors.ts'
import { tamperWith } from '../../audit/chain.fixture.ts'
import { verifyAudit } from '../../audit/verify-audit.ts'
import type { Caller } from '../../identity/caller.ts'
import { deleteTenant } from '../delete-tenant.ts'
import { suspendTenant } from '../tenants.ts'
import { exportTenant } from './export-tenant.ts'
import { type Manifest, manifestSchema } from './format.ts'
import { importTenant } from './import-tenant.ts'

let on: TestPlatform
let operator: Caller

beforeAll(async () => {
  on = await createTestPlatform()
  operator = {
    ...on.caller(on.acme),
    actor: { kind: 'operator', id: 'test', name: 'test' },
    tenantId: null,
    permissions: new Set(['platform:tenants:write' as const]),
  }
})

afterAll(() => on.close())

async function exportSuspended({ id }: TestTenant): Promise<Buffer> {
  await suspendTenant(operator, id)
  return exportAgain(id)
}

const exportAgain = async (id: string) =>
  Buffer.from(await new Response(await exportTenant(operator, id, on.anchors)).arrayBuffer())

/** The first file of the tar, behind its header. */
function manifestOf(archive: Buffer): Manifest {
  const tar = gunzipSync(archive)
  const size = Number.parseInt(tar.toString('latin1', 124, 136), 8)
  return manifestSchema.parse(JSON.parse(tar.toString('utf8', 512, 512 + size)))
}

async function moveBack({ id, name }: TestTenant, archive: Buffer) {
  while ((await deleteTenant(operator, id, { name }, on.anchors)).status !== 'deleted');
  const limits = { maxBytes: 10_000_000, maxUnpackedBytes: 100_000_000 }
  return importTenant(operator, new Blob([new Uint8Array(archive)]).stream(), on.anchors, limits)
}

describe('an audit chain', () => {
  async function anchored(name: string): Promise<TestTenant> {
    const tenant = await on.createTenant(name)
    await createAnchoring(on.database, on.anchors)()
    return tenant
  }

  test('that is whole is exported as such, with its newest anchor', async () => {
    const tenant = await anchored('whole')
    const { auditProblem, auditAnchor, auditHead } = manifestOf(await exportSuspended(tenant))
    expect(auditProblem).toBeNull()
    expect(auditAnchor).toMatchObject({ tenantId: tenant.id })
    expect(auditHead?.seq).toBeGreaterThan(auditAnchor?.seq ?? 0)
  })

  test.each([
    ['an entry is missing', 'seq = 2', 2, 'was removed'],
    ['the newest entries are missing', 'seq > 1', 2, 'newest entries were removed'],
  ])('of which %s is exported and said to be broken, and its import is refused', async (what, removed, seq, reason) => {
    const tenant = await anchored(what)
    await exportSuspended(tenant)
    await tamperWith(on, `delete from audit_entries where tenant_id = '${tenant.id}' and ${removed}`)
    const archive = await exportAgain(tenant.id)
    expect(manifestOf(archive).auditProblem).toMatchObject({ seq, reason: expect.stringContaining(reason) })
    await expect(moveBack(tenant, archive)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/has an audit chain that .*[^.]\.$/),
    })
  })

  test('whose anchors are of another key is told of, and can be imported', async () => {
    const tenant = await anchored('foreign')
    const [line] = await on.anchors.store.read(tenant.id)
    await on.anchors.store.append(tenant.id, (line ?? '').replace(/"signature":"../, '"signature":"AA'))
    const archive = await exportSuspended(tenant)
    expect(manifestOf(archive).auditProblem).toMatchObject({
      reason: expect.stringContaining('The chain is whole, but'),
    })
    await moveBack(tenant, archive)
    expect(await verifyAudit(on.caller(tenant), { archive: false }, on.anchors)).toMatchObject({ problem: null })
  })
})

test('an import tells the people, the service accounts, the invitations and the keys that stay behind', async () => {
  const tenant = await on.createTenant('peopled')
  const client = on.client(tenant.key)
  const invite = (email: string) => client.createInvitation({ body: { email, roles: ['owner'] } })
  const { token } = await invite('ada@example.com')
  await on
    .client(on.tokenFor({ subject: 'ada', email: 'ada@example.com', name: 'Ada' }))
    .acceptInvitation({ body: { token } })
  await invite('still-waiting@example.com')
  const { id: takenBack } = await invite('taken-back@example.com')
  await client.revokeInvitation({ params: { id: takenBack } })
  const { id: robot } = await client.createServiceAccount({ body: { name: 'robot', roles: ['operator'] } })
  await client.createKey({ body: { name: 'key of the robot', serviceAccountId: robot } })
  const { id: revoked } = await client.createKey({ body: { name: 'revoked' } })
  await client.revokeKey({ params: { id: revoked } })
  const imported = await moveBack(tenant, await exportSuspended(tenant))
  expect(imported).toMatchObject({
    members: [{ email: 'ada@example.com', name: 'Ada', roles: ['owner'] }],
    serviceAccounts: [{ name: 'robot', roles: ['operator'] }],
    invitations: [{ email: 'still-waiting@example.com', roles: ['owner'] }],
  })
  expect(imported.keys).toContain('key of the robot')
  expect(imported.keys).not.toContain('revoked')
})
