import { type Connection, putConnectionSchema } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput } from '../failure.ts'
import { oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export interface ProviderOptions {
  provider: string
  secret: string
  baseUrl?: string
}

export interface HttpOptions {
  origin: string
  secret: string
  header?: string
  prefix?: string
}

const columns: Column<Connection>[] = [
  { title: 'CONNECTION', value: ({ name }) => name },
  { title: 'KIND', value: ({ kind }) => kind },
  { title: 'SECRET', value: ({ secret }) => secret },
  { title: 'FOR', flexible: true, value: (connection) => oneLine(purposeOf(connection)) },
]

export async function listConnections(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const connections = await collectPages((query) => client.listConnections({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, connections)
  else if (connections.length > 0) {
    terminal.write(renderTable(columns, connections, terminal.columns, terminal.paint))
  } else {
    const example = 'connections set-provider openai --provider openai --secret <name>'
    terminal.write(`No connections. Create one: ${context.commandLine} ${example}\n`)
  }
}

export function setProvider(context: Context, name: string, options: ProviderOptions): Promise<undefined> {
  return put(context, name, { kind: 'model_provider', ...options })
}

export function setHttp(context: Context, name: string, options: HttpOptions): Promise<undefined> {
  return put(context, name, { kind: 'http', ...options })
}

export async function showConnection(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.getConnection({ params: { name } }))
}

export async function deleteConnection(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.deleteConnection({ params: { name } }))
}

async function put(context: Context, name: string, given: object): Promise<undefined> {
  const body = parseInput(putConnectionSchema, given)
  const client = await connectTenant(context)
  print(context, await client.putConnection({ params: { name }, body }))
}

function purposeOf(connection: Connection): string {
  if (connection.kind === 'http') return `${connection.header} to ${connection.origin}`
  return connection.baseUrl === null ? connection.provider : `${connection.provider} at ${connection.baseUrl}`
}

function print({ json, terminal }: Context, connection: Connection): void {
  if (json) printJson(terminal, connection)
  else {
    const fields: [string, string][] = [
      ['connection', connection.name],
      ['kind', connection.kind],
      ['secret', connection.secret],
      ['for', oneLine(purposeOf(connection))],
    ]
    terminal.write(renderFields(fields, terminal.paint))
  }
}
