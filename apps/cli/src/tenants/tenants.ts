import {
  type Client,
  createTenantSchema,
  type OnboardedTenant,
  setTenantPlanSchema,
  type Tenant,
} from '@freehold/contracts'
import { connectOperator } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { CliError, parseInput } from '../failure.ts'
import { describeHosts, formatAge, formatTime, oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { keepKey } from './keep-key.ts'

export async function listTenants(context: Context): Promise<undefined> {
  const { client } = await connectOperator(context)
  const tenants = await allTenants(client)
  const { terminal } = context
  if (context.json) printJson(terminal, tenants)
  else if (tenants.length === 0)
    terminal.write(`No tenants. Create one: ${context.commandLine} tenants create <name>\n`)
  else terminal.write(renderTable(tenantColumns(Date.now()), tenants, terminal.columns, terminal.paint))
}

function tenantColumns(nowMs: number): Column<Tenant>[] {
  return [
    { title: 'TENANT', value: ({ id }) => id },
    { title: 'STATUS', value: ({ status }) => status },
    { title: 'PLAN', value: ({ plan }) => plan.name },
    { title: 'AGE', align: 'right', value: ({ createdAt }) => formatAge(createdAt, nowMs) },
    { title: 'NAME', flexible: true, value: ({ name }) => oneLine(name) },
  ]
}

export async function createTenant(
  context: Context,
  name: string,
  { plan, owner }: { plan?: string; owner: string[] },
): Promise<undefined> {
  const owners = owner.length > 0 ? owner : undefined
  const body = parseInput(createTenantSchema, { name, plan, owners })
  const { client, credentials } = await connectOperator(context)
  const tenant = await client.createTenant({ body })
  const { terminal } = context
  // Printed before anything else can fail: the server never shows the key again.
  if (context.json) printJson(terminal, tenant)
  else terminal.write(`${renderTenant(context, tenant)}\n${renderInvitations(tenant)}`)
  const kept = await keepKey(credentials?.path, tenant)
  if (context.json) return
  terminal.write(
    kept
      ? `Its key is in ${credentials?.path}. Use it with: --tenant ${quote(tenant.name)}\n`
      : `Its key, shown this once:\n${tenant.apiKey}\n`,
  )
}

function renderInvitations({ invitations }: OnboardedTenant): string {
  return invitations
    .map(({ email, token }) => `Invitation of ${oneLine(email)} as owner, shown this once: ${token}\n`)
    .join('')
}

export async function showTenant(context: Context, tenant: string): Promise<undefined> {
  const { client } = await connectOperator(context)
  print(context, await findTenant(client, tenant))
}

export async function setTenantPlan(context: Context, tenant: string, plan: string): Promise<undefined> {
  const body = parseInput(setTenantPlanSchema, { plan })
  const { client } = await connectOperator(context)
  const { id } = await findTenant(client, tenant)
  print(context, await client.setTenantPlan({ params: { id }, body }))
}

export async function suspendTenant(context: Context, tenant: string): Promise<undefined> {
  const { client } = await connectOperator(context)
  const { id } = await findTenant(client, tenant)
  print(context, await client.suspendTenant({ params: { id } }))
}

export async function resumeTenant(context: Context, tenant: string): Promise<undefined> {
  const { client } = await connectOperator(context)
  const { id } = await findTenant(client, tenant)
  print(context, await client.resumeTenant({ params: { id } }))
}

export async function findTenant(client: Client, idOrName: string): Promise<Tenant> {
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(idOrName)
  if (isId) return client.getTenant({ params: { id: idOrName } })
  const tenants = await allTenants(client)
  const found = tenants.find(({ name }) => name === idOrName)
  if (found) return found
  throw new CliError(`There is no tenant "${idOrName}". \`freehold tenants list\` shows those there are.`)
}

function allTenants(client: Client): Promise<Tenant[]> {
  return collectPages((query) => client.listTenants({ query }))
}

function print(context: Context, tenant: Tenant): void {
  if (context.json) printJson(context.terminal, tenant)
  else context.terminal.write(renderTenant(context, tenant))
}

function renderTenant({ terminal }: Context, tenant: Tenant): string {
  const { plan } = tenant
  return renderFields(
    [
      ['tenant', tenant.id],
      ['name', oneLine(tenant.name)],
      ['status', tenant.status],
      ['plan', `${plan.name}: ${plan.maxRunningRuns} running, ${plan.maxQueuedRuns} queued, weight ${plan.weight}`],
      ['tools reach', describeHosts(tenant.allowedHosts)],
      ['created', formatTime(tenant.createdAt)],
    ],
    terminal.paint,
  )
}

function quote(name: string): string {
  return /\s/.test(name) ? `"${name}"` : name
}
