import { createBudgetSchema } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform, type TestTenant } from '@freehold/testkit'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createBudget } from '../budgets/budgets.ts'
import type { Caller } from '../identity/caller.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import { keysOf } from '../objects/object-store-contract.fixture.ts'
import { type Anchors, type AuditArchive, createAnchoring } from './anchors.ts'
import { createArchiving } from './archive-chains.ts'
import { tamperWith } from './chain.fixture.ts'
import { exportAudit } from './list-entries.ts'
import { pruneAudit } from './prune-audit.ts'
import { verifyAudit } from './verify-audit.ts'

/** What the test at hand has: a tenant with six entries, all of them anchored, which are archived at once. */
export interface ArchivedTenant {
  on: TestPlatform
  objects: ObjectStore
  anchors: Anchors & { archive: AuditArchive }
  tenant: TestTenant
  caller: Caller
}

let tenants = 0

/** A platform for the tests of a file, and a tenant for each of them. */
export function shareArchive() {
  // The rest is there before the first test is.
  const at = {} as ArchivedTenant
  beforeAll(async () => {
    at.on = await createTestPlatform()
    at.objects = at.on.platform.objects
  })
  beforeEach(async () => {
    tenants += 1
    at.tenant = await at.on.createTenant(`archived ${tenants}`)
    at.caller = at.on.caller(at.tenant)
    at.anchors = { ...at.on.anchors, archive: { objects: at.objects, afterMs: 0 } }
    await work.grow(6)
  })
  afterAll(() => at.on.close())
  const work = workOn(at)
  return { at, ...work }
}

function workOn(at: ArchivedTenant) {
  const running = new AbortController().signal
  const chain = async () => (await exportAudit(at.caller, { after: 0, limit: 1000 })).items
  const anchor = () => createAnchoring(at.on.database, at.on.anchors)()
  const newArchiving = () => createArchiving(at.on.database, at.anchors, at.anchors.archive)
  const archive = () => newArchiving()(running)
  const segments = () => keysOf(at.objects, at.tenant.id, 'audit/')

  /** Makes changes until the chain has so many entries, and anchors them. */
  async function grow(length: number): Promise<void> {
    for (let seq = (await chain()).at(-1)?.seq ?? 0; seq < length; seq++) await change(`budget ${seq}`)
    await anchor()
  }

  const change = (name: string) =>
    createBudget(at.caller, createBudgetSchema.parse({ name, period: 'day', limitNanos: 1 }))

  /** Three segments: entries 1 to 6, 7 and 8, 9 to 11. */
  async function archiveThree(): Promise<[string, string, string]> {
    for (const length of [6, 8, 11]) {
      await grow(length)
      await archive()
    }
    const [one = '', two = '', three = ''] = await segments()
    return [one, two, three]
  }

  /** As the operator: whatever there is. */
  function prune(anchors: Anchors = at.anchors) {
    const permissions = new Set(['platform:tenants:write' as const])
    const before = new Date(Date.now() + 60_000).toISOString()
    return pruneAudit({ ...at.caller, tenantId: null, permissions }, at.tenant.id, { before }, anchors)
  }

  return {
    running,
    chain,
    anchor,
    change,
    grow,
    newArchiving,
    archive,
    archiveThree,
    prune,
    segments,
    tamper: (statement: string) => tamperWith(at.on, `${statement} and tenant_id = '${at.tenant.id}'`),
    verification: () => verifyAudit(at.caller, { archive: true }, at.anchors),
    read: async (key: string) => Buffer.from((await at.objects.get({ tenantId: at.tenant.id, key })) ?? '').toString(),
    write: (key: string, text: string) => at.objects.put({ tenantId: at.tenant.id, key }, Buffer.from(text)),
    remove: (key: string) => at.objects.delete({ tenantId: at.tenant.id, key }),
  }
}
