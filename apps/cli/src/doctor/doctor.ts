import packageJson from '../../package.json' with { type: 'json' }
import { connect, defaultUrl } from '../connection/connect.ts'
import type { Credentials } from '../connection/credentials.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../failure.ts'
import { formatPlural } from '../terminal/format.ts'
import { printJson } from '../terminal/terminal.ts'
import { checkCredentials, checkDisk, checkNode } from './check-local.ts'
import { checkArchive, checkOperator, checkServer, checkTenant } from './check-server.ts'
import { type Finding, note, problem, renderFinding } from './finding.ts'

/** Checks the installation from the outside in, and says what to do about each problem. */
export async function examine(context: Context): Promise<ExitCode> {
  const findings: Finding[] = []
  for await (const finding of runChecks(context)) {
    findings.push(finding)
    if (!context.json) context.terminal.write(renderFinding(finding, context.terminal.paint))
  }
  const problems = findings.filter(({ result }) => result === 'problem').length
  if (context.json) printJson(context.terminal, { healthy: problems === 0, findings })
  else context.terminal.write(problems === 0 ? '\nAll is well.\n' : `\n${formatPlural(problems, 'problem')} found.\n`)
  return problems === 0 ? exitCodes.ok : exitCodes.requestFailed
}

async function* runChecks(context: Context): AsyncGenerator<Finding> {
  const { settings } = context
  yield checkNode(process.versions.node)
  const { findings, credentials } = await checkCredentials(settings)
  yield* findings
  yield await checkDisk(settings, credentials)
  const url = settings.url ?? credentials?.url ?? defaultUrl
  const server = await checkServer(url, packageJson.version)
  yield* server.findings
  if (!server.reachable) {
    yield note('keys and agents', 'not checked, because the server is not reachable')
    return
  }
  const operatorKey = settings.operatorKey ?? credentials?.operatorKey
  yield await checkOperator(operatorKey === undefined ? undefined : connect(context, url, operatorKey))
  const { tenant } = settings
  if (tenant !== undefined && settings.apiKey === undefined && !credentials?.tenants.has(tenant)) {
    yield problem(`tenant ${tenant}`, 'the credentials have no such tenant')
  }
  let onDefault = false
  for (const [name, apiKey] of tenantKeys(context, credentials)) {
    const client = connect(context, url, apiKey)
    const finding = await checkTenant(name, client, context.commandLine)
    onDefault ||= finding.detail.includes('(default)')
    yield finding
    const archive = await checkArchive(name, client)
    if (archive) yield archive
  }
  if (onDefault) {
    yield note(
      'model',
      'the server decides what "default" is: the built-in demo model until it has a key of a provider',
    )
  }
}

function tenantKeys({ settings }: Context, credentials: Credentials | undefined): [name: string, apiKey: string][] {
  if (settings.apiKey !== undefined) return [['of FREEHOLD_API_KEY', settings.apiKey]]
  const tenants = [...(credentials?.tenants ?? [])]
  return tenants
    .filter(([name]) => settings.tenant === undefined || name === settings.tenant)
    .map(([name, { apiKey }]) => [name, apiKey])
}
