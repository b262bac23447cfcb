import { type Client, environmentSchema, evaluateFlagSchema, type Flag, FreeholdError } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { formatAge } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'
import { type FlagChanges, readFlag } from './read-flag.ts'

export interface FlagOptions {
  environment?: string
}

export type SetFlagOptions = FlagOptions & FlagChanges

export interface EvaluateOptions extends FlagOptions {
  type?: string
  key?: string
  attribute?: string[]
}

export async function listFlags(context: Context, options: FlagOptions): Promise<undefined> {
  const environment = readEnvironment(options)
  const client = await connectTenant(context)
  const flags = await collectPages((query) => client.listFlags({ query: { ...query, environment } }))
  const { json, terminal, commandLine } = context
  if (json) printJson(terminal, flags)
  else if (flags.length > 0)
    terminal.write(renderTable(flagColumns(Date.now()), flags, terminal.columns, terminal.paint))
  else terminal.write(`No flags in ${environment}. Create one: ${commandLine} flags set <name>\n`)
}

function flagColumns(nowMs: number): Column<Flag>[] {
  return [
    { title: 'FLAG', value: ({ name }) => name },
    { title: 'TYPE', value: ({ type }) => type },
    { title: 'SERVES', flexible: true, value: describeServe },
    { title: 'RULES', align: 'right', value: ({ rules }) => String(rules.length) },
    { title: 'SET', align: 'right', value: ({ updatedAt }) => formatAge(updatedAt, nowMs) },
  ]
}

export async function setFlag(context: Context, name: string, options: SetFlagOptions): Promise<undefined> {
  const at = { params: { name }, query: { environment: readEnvironment(options) } }
  const client = await connectTenant(context)
  const present = options.file === undefined ? await findFlag(client, at) : undefined
  const body = await readFlag(options, context.settings.workingDir, present)
  print(context, await client.putFlag({ ...at, body }))
}

async function findFlag(client: Client, at: Parameters<Client['getFlag']>[0]): Promise<Flag | undefined> {
  return client.getFlag(at).catch((error: unknown) => {
    if (error instanceof FreeholdError && error.code === 'not_found') return undefined
    throw error
  })
}

export async function deleteFlag(context: Context, name: string, options: FlagOptions): Promise<undefined> {
  const query = { environment: readEnvironment(options) }
  const client = await connectTenant(context)
  print(context, await client.deleteFlag({ params: { name }, query }))
}

export async function evaluateFlag(context: Context, name: string, options: EvaluateOptions): Promise<undefined> {
  const query = { environment: readEnvironment(options) }
  const attributes = Object.fromEntries((options.attribute ?? []).map(readAttribute))
  const body = parseInput(evaluateFlagSchema, { type: options.type, targetingKey: options.key, attributes })
  const client = await connectTenant(context)
  const { value, variant, reason } = await client.evaluateFlag({ params: { name }, query, body })
  const { json, terminal } = context
  if (json) printJson(terminal, { value, variant, reason })
  else {
    const fields: [string, string][] = [
      ['value', JSON.stringify(value)],
      ['variant', variant ?? 'none'],
      ['reason', reason],
    ]
    terminal.write(renderFields(fields, terminal.paint))
  }
}

function readEnvironment({ environment = 'production' }: FlagOptions) {
  const parsed = environmentSchema.safeParse(environment)
  if (!parsed.success)
    throw wrongUsage(`--environment: "${environment}" is none. Give development, staging or production.`)
  return parsed.data
}

function readAttribute(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw wrongUsage(`--attribute: "${text}" is none. Give name=value, such as plan=gold.`)
  return [name, value]
}

function describeServe({ enabled, serve }: Flag): string {
  return enabled ? serve.map(({ variant, percent }) => `${variant} ${percent} %`).join(', ') : 'off'
}

function print({ json, terminal }: Context, flag: Flag): void {
  if (json) printJson(terminal, flag)
  else {
    const fields: [string, string][] = [
      ['flag', flag.name],
      ['environment', flag.environment],
      ['type', flag.type],
      ['serves', describeServe(flag)],
      ['rules', String(flag.rules.length)],
    ]
    terminal.write(renderFields(fields, terminal.paint))
  }
}
