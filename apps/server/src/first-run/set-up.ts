import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { FreeholdError, platformPermissions, tenantPermissions } from '@freehold/contracts'
import {
  type Caller,
  createAgent,
  createTenant,
  generateKey,
  getTenant,
  issueTenantKey,
  listTenants,
  type Platform,
  registerOperatorKey,
  registerOwner,
} from '@freehold/core'
import { z } from 'zod'
import { credentialsPath, type ServerConfig } from '../config.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { sampleAgents, sampleTenants } from './samples.ts'

const credentialsSchema = z.object({
  url: z.string(),
  operatorKey: z.string(),
  // Absent in a file of the release before, and where the owner has set another password since it was lost.
  owner: z.object({ email: z.string(), password: z.string() }).optional(),
  tenants: z.record(z.string(), z.object({ id: z.uuid(), apiKey: z.string() })),
})
export type Credentials = z.output<typeof credentialsSchema>

export interface FirstRun {
  credentials: Credentials
  /** Whose password nobody has seen yet. */
  newOwner: Credentials['owner']
}

/**
 * Makes sure that someone can use this installation: an operator key, on an empty one the sample tenants, and a
 * owner who signs in, and a
 * credentials file that says so. What exists is kept, so starting again changes nothing.
 */
export async function setUp(platform: Platform, config: ServerConfig, url: string, signIn: SignIn): Promise<FirstRun> {
  const path = credentialsPath(config.dataDir)
  const known = await readCredentials(path)
  const operatorKey = config.operatorKey?.reveal() ?? known?.operatorKey ?? generateKey('operator')
  await registerOperatorKey(platform.database, operatorKey)
  const operator = operatorCaller(platform)
  if (config.samples && (await wantsSamples(operator, known))) await createSamples(operator)
  const tenants = await keysOfTenants(operator, config.samples ? sampleTenants : [], known?.tenants ?? {})
  const ids = Object.values(tenants).map(({ id }) => id)
  const owner = await signIn.ensureOwner(known?.owner, (person) => registerOwner(operator, person, ids))
  const credentials = { url, operatorKey, ...(owner && { owner }), tenants }
  await writeCredentials(path, credentials)
  return { credentials, newOwner: known?.owner ? undefined : owner }
}

function operatorCaller(platform: Platform): Caller {
  const actor = { kind: 'operator' as const, id: 'first-run', name: 'operator' }
  return {
    platform,
    actor,
    tenantId: null,
    permissions: new Set(platformPermissions),
    roles: [],
    requestId: 'first-run',
  }
}

/**
 * Only an empty installation gets samples: one whose owner removed them must not see them return. One without a
 * credentials file that has nothing but samples is taken for a first start that was cut off, and is completed.
 */
async function wantsSamples(operator: Caller, known: Credentials | undefined): Promise<boolean> {
  const { items } = await listTenants(operator, { limit: sampleTenants.length + 1 })
  const names: readonly string[] = sampleTenants
  return items.length === 0 || (known === undefined && items.every(({ name }) => names.includes(name)))
}

async function createSamples(operator: Caller): Promise<void> {
  for (const name of sampleTenants) await unlessThere(() => createTenant(operator, { name }))
  const { items } = await listTenants(operator, { limit: sampleTenants.length })
  for (const { id } of items) {
    const owner = { ...operator, tenantId: id, permissions: new Set(tenantPermissions) }
    for (const agent of sampleAgents) await unlessThere(() => createAgent(owner, agent))
  }
}

/** What is there already was made by a start that was cut off, or by another server that starts at this moment. */
async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create()
  } catch (error) {
    if (!(error instanceof FreeholdError && error.code === 'conflict')) throw error
  }
}

/**
 * Keeps the entry of each tenant that this database knows, and issues a key for a sample tenant that has none. A key
 * that was revoked stays revoked: its owner wanted it so.
 */
async function keysOfTenants(
  operator: Caller,
  samples: readonly string[],
  known: Credentials['tenants'],
): Promise<Credentials['tenants']> {
  const tenants: Credentials['tenants'] = {}
  for (const [name, entry] of Object.entries(known)) {
    if (await isTenantHere(operator, entry.id)) tenants[name] = entry
  }
  const { items } = await listTenants(operator, { limit: 200 })
  for (const { id, name, status } of items) {
    if (!samples.includes(name) || tenants[name] || status !== 'active') continue
    const { apiKey } = await issueTenantKey(operator, id, { name: 'credentials.json', roles: ['owner'] })
    tenants[name] = { id, apiKey }
  }
  return tenants
}

/** False for a tenant of another database, which the file was written for before. */
async function isTenantHere(operator: Caller, id: string): Promise<boolean> {
  try {
    await getTenant(operator, id)
    return true
  } catch (error) {
    if (error instanceof FreeholdError && error.code === 'not_found') return false
    throw error
  }
}

async function readCredentials(path: string): Promise<Credentials | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return credentialsSchema.parse(JSON.parse(text))
  } catch {
    throw new Error(`${path} can't be read. Repair it, or move it away and start again: new keys are made then.`)
  }
}

async function writeCredentials(path: string, credentials: Credentials): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${process.pid}`
  await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 })
  await rename(draft, path)
}
