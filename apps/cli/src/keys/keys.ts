import { type ApiKey, createKeySchema } from '@freehold/contracts'
import { splitList } from '../agents/read-agent.ts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { formatTime, oneLine, readExpiry } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export interface KeyOptions {
  scopes?: string
  roles?: string
  expires?: string
  environment?: string
  rate?: string
  serviceAccount?: string
}

const keyColumns: Column<ApiKey>[] = [
  { title: 'KEY', value: ({ id }) => id },
  { title: 'BEGINS', value: ({ prefix }) => oneLine(prefix) },
  { title: 'STATE', value: describeState },
  { title: 'MADE BY', value: describeMaker },
  { title: 'NAME', flexible: true, value: ({ name }) => oneLine(name) },
]

function describeState({ expiresAt, revokedAt }: ApiKey): string {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt === null) return 'active'
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : `until ${expiresAt.slice(0, 10)}`
}

function describeMaker({ madeBy }: ApiKey): string {
  return madeBy === null ? '' : oneLine(madeBy.name ?? madeBy.id)
}

export async function listKeys(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const keys = await collectPages((query) => client.listKeys({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, keys)
  else terminal.write(renderTable(keyColumns, keys, terminal.columns, terminal.paint))
}

export async function createKey(context: Context, name: string, options: KeyOptions): Promise<undefined> {
  const { scopes, roles, expires, environment, rate, serviceAccount } = options
  const expiresAt = expires === undefined ? undefined : readExpiry(expires, Date.now())
  if (expires !== undefined && expiresAt === undefined) {
    throw wrongUsage(`--expires: "${expires}" is no time. Give it like 30d, 12h, 90m or 2027-01-31.`)
  }
  const body = parseInput(createKeySchema, {
    name,
    scopes: scopes === undefined ? undefined : splitList(scopes),
    roles: roles === undefined ? undefined : splitList(roles),
    expiresAt,
    environment,
    serviceAccountId: serviceAccount,
    requestsPerSecond: rate === undefined ? undefined : Number(rate),
  })
  const client = await connectTenant(context)
  const key = await client.createKey({ body })
  if (context.json) printJson(context.terminal, key)
  else context.terminal.write(`${renderKey(context, key)}\nThe key, shown this once:\n${key.apiKey}\n`)
}

export async function revokeKey(context: Context, id: string): Promise<undefined> {
  const client = await connectTenant(context)
  const key = await client.revokeKey({ params: { id } })
  if (context.json) printJson(context.terminal, key)
  else context.terminal.write(renderKey(context, key))
}

function renderKey({ terminal }: Context, key: ApiKey): string {
  return renderFields(
    [
      ['key', key.id],
      ['name', oneLine(key.name)],
      ['begins', oneLine(key.prefix)],
      ['scopes', key.scopes.join(', ')],
      ['roles', key.roles.join(', ')],
      ['acts as', key.serviceAccountId ?? undefined],
      ['made by', describeMaker(key) || undefined],
      ['bound to', key.environment ?? undefined],
      ['requests/s', key.requestsPerSecond === null ? undefined : String(key.requestsPerSecond)],
      ['expires', key.expiresAt === null ? 'never' : formatTime(key.expiresAt)],
      ['revoked', key.revokedAt === null ? undefined : formatTime(key.revokedAt)],
    ],
    terminal.paint,
  )
}
