import { putSecretSchema, type Secret } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { formatAge, formatTime, oneLine } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export async function listSecrets(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const secrets = await collectPages((query) => client.listSecrets({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, secrets)
  else if (secrets.length > 0) {
    terminal.write(renderTable(secretColumns(Date.now()), secrets, terminal.columns, terminal.paint))
  } else {
    terminal.write(`No secrets. Create one: ${context.commandLine} secrets set <name>\n`)
  }
}

function secretColumns(nowMs: number): Column<Secret>[] {
  return [
    { title: 'SECRET', value: ({ name }) => name },
    { title: 'VERSION', align: 'right', value: ({ version }) => String(version) },
    { title: 'SET', align: 'right', value: ({ updatedAt }) => formatAge(updatedAt, nowMs) },
    { title: 'BY', flexible: true, value: ({ updatedBy }) => oneLine(updatedBy) },
  ]
}

/** The value is never an argument, which the shell's history and the list of processes would show. */
export async function setSecret(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  const body = parseInput(putSecretSchema, { value: await readValue(context, name) })
  print(context, await client.putSecret({ params: { name }, body }))
}

export async function deleteSecret(context: Context, name: string): Promise<undefined> {
  const client = await connectTenant(context)
  print(context, await client.deleteSecret({ params: { name } }))
}

async function readValue({ terminal }: Context, name: string): Promise<string> {
  const value = terminal.askHidden
    ? await terminal.askHidden(`Value of ${name} (not shown): `)
    : (await terminal.readInput()).replace(/\r?\n$/, '')
  if (value === '') throw wrongUsage('The value is empty. Type it, or send it on standard input.')
  return value
}

function print({ json, terminal }: Context, secret: Secret): void {
  if (json) printJson(terminal, secret)
  else {
    const fields: [string, string][] = [
      ['secret', secret.name],
      ['version', String(secret.version)],
      ['set', `${formatTime(secret.updatedAt)} by ${oneLine(secret.updatedBy)}`],
    ]
    terminal.write(renderFields(fields, terminal.paint))
  }
}
