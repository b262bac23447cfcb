import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type AppliedTenant, FreeholdError, type TenantChange, type TenantDefinition } from '@freehold/contracts'
import { connectOperator, type OperatorConnection } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { CliError, type ExitCode, exitCodes, wrongUsage } from '../failure.ts'
import { formatPlural, oneLine } from '../terminal/format.ts'
import { printJson } from '../terminal/terminal.ts'
import { keepKey } from './keep-key.ts'
import { readDefinitions } from './read-definitions.ts'

export interface ApplyOptions {
  file: string
  yes?: true
  dryRun?: true
}

/** Shows what would change, asks, and changes it: each tenant as a whole. */
export async function applyTenants(context: Context, options: ApplyOptions): Promise<ExitCode> {
  const text = await readText(context, options.file)
  // What comes from the standard input is where the command runs.
  const folder = resolve(context.settings.workingDir, options.file === '-' ? '.' : dirname(options.file))
  const definitions = await readDefinitions(text, options.file, folder)
  const connection = await connectOperator(context)
  const planned = await planEach(connection, definitions)
  const differing = planned.filter(({ changes }) => changes.length > 0)
  const isLast = options.dryRun || differing.length === 0
  showDiff(context, isLast, planned, differing)
  if (isLast) return differing.length > 0 ? exitCodes.differs : exitCodes.ok
  if (!options.yes && !(await agrees(context, differing.length))) return exitCodes.requestFailed
  const names = differing.map(({ name }) => name)
  await applyEach(
    context,
    connection,
    definitions.filter(({ name }) => names.includes(name)),
  )
  return exitCodes.ok
}

/** What each tenant would change. Throws with everything that the server would refuse. */
async function planEach({ client }: OperatorConnection, definitions: TenantDefinition[]): Promise<AppliedTenant[]> {
  const planned: AppliedTenant[] = []
  const problems: string[] = []
  for (const body of definitions) {
    try {
      planned.push(await client.applyTenant({ query: { dryRun: 'true' }, body }))
    } catch (error) {
      if (!(error instanceof FreeholdError) || !mistakes.has(error.code)) throw error
      problems.push(`${oneLine(body.name)}: ${error.message} (${error.code})`)
    }
  }
  if (problems.length > 0) throw new CliError(problems.join('\n  '))
  return planned
}

const mistakes: ReadonlySet<string> = new Set(['invalid_request', 'conflict', 'quota_exceeded'])

/** As JSON, only what is printed last goes to the output. */
function showDiff(context: Context, isLast: boolean, planned: AppliedTenant[], differing: AppliedTenant[]): void {
  const { terminal, json } = context
  if (json && isLast) printJson(terminal, planned)
  else if (differing.length === 0) terminal.write('Nothing to change.\n')
  else if (json) terminal.note(renderDiff(context, differing).trimEnd())
  else terminal.write(renderDiff(context, differing))
}

async function applyEach(
  context: Context,
  { client, credentials }: OperatorConnection,
  definitions: readonly TenantDefinition[],
): Promise<void> {
  const applied: AppliedTenant[] = []
  try {
    for (const body of definitions) {
      const result = await client.applyTenant({ body })
      applied.push(result)
      if (!context.json) await report(context, result, credentials?.path)
    }
  } finally {
    // Also when a later one failed: keys and tokens are shown this once.
    if (context.json) printJson(context.terminal, applied)
  }
}

async function readText({ terminal, settings }: Context, file: string): Promise<string> {
  if (file === '-') return terminal.readInput()
  try {
    return await readFile(resolve(settings.workingDir, file), 'utf8')
  } catch (error) {
    throw wrongUsage(`--file: ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function agrees({ terminal }: Context, count: number): Promise<boolean> {
  if (!terminal.confirm) throw wrongUsage('Nobody is here to be asked. Give --yes to apply this.')
  return terminal.confirm(`Apply this to ${formatPlural(count, 'tenant')}?`)
}

async function report(context: Context, result: AppliedTenant, path: string | undefined): Promise<void> {
  const { terminal } = context
  terminal.write(`${oneLine(result.name)}: ${formatPlural(result.changes.length, 'change')} applied\n`)
  for (const { email, token } of result.invitations) {
    terminal.write(`  invitation of ${oneLine(email)}, shown this once: ${token}\n`)
  }
  const { id, apiKey, host } = result
  if (host && host.status !== 'verified') {
    const { name, type, value } = host.record
    terminal.write(`  to be in DNS for ${host.host}: ${name} ${type} "${value}"\n`)
  }
  if (id === null || apiKey === null) return
  const kept = await keepKey(path, { id, name: result.name, apiKey })
  terminal.write(kept ? `  its first key is in ${path}\n` : `  its first key, shown this once: ${apiKey}\n`)
}

function renderDiff(context: Context, planned: readonly AppliedTenant[]): string {
  const lines = planned.flatMap(({ name, changes }) => [
    oneLine(name),
    ...changes.flatMap((change) => describe(context, change)),
  ])
  return `${lines.join('\n')}\n`
}

function describe({ terminal: { paint } }: Context, { action, kind, name, before, after }: TenantChange): string[] {
  const title = [kind, name].filter((word, index, words) => words.indexOf(word) === index).join(' ')
  if (action !== 'update') return [paint.green(`  + ${action} ${oneLine(title)}`)]
  const fields = differences(before, after)
  return [
    paint.yellow(`  ~ update ${oneLine(title)}`),
    ...fields.map(([path, from, to]) => `      ${path && `${path}: `}${shorten(from)} → ${shorten(to)}`),
  ]
}

/** The leaves in which two values differ. */
function differences(before: unknown, after: unknown, path = ''): [string, unknown, unknown][] {
  if (!isRecord(before) || !isRecord(after)) {
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [[path, before, after]]
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    differences(before[key], after[key], path ? `${path}.${key}` : key),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shorten(value: unknown): string {
  const text = oneLine(JSON.stringify(value) ?? 'nothing')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
