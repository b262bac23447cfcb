import { createWriteStream, openAsBlob } from 'node:fs'
import { access, constants, rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ImportedTenant } from '@freehold/contracts'
import { connectOperator } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes, wrongUsage } from '../failure.ts'
import { oneLine } from '../terminal/format.ts'
import { printJson } from '../terminal/terminal.ts'
import { keepKey } from './keep-key.ts'
import { readAuditProblem } from './read-manifest.ts'
import { findTenant } from './tenants.ts'

/** The file is there once it is whole. Fails when the audit chain in it is not, so that nobody deletes the tenant then. */
export async function exportTenant(context: Context, tenant: string, options: { output: string }): Promise<ExitCode> {
  const { client } = await connectOperator(context)
  const { id, name } = await findTenant(client, tenant)
  const path = resolve(context.settings.workingDir, options.output)
  const draft = `${path}.partial`
  const archive = await client.exportTenant({ params: { id } })
  try {
    // Node's own type of the same stream.
    const bytes = Readable.fromWeb(archive as Parameters<typeof Readable.fromWeb>[0])
    await pipeline(bytes, createWriteStream(draft, { mode: 0o600 }))
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  const auditProblem = await readAuditProblem(path)
  if (context.json) printJson(context.terminal, { tenant: id, file: path, auditProblem })
  else context.terminal.write(`Everything of ${oneLine(name)} but values of secrets and keys is in ${path}\n`)
  if (!auditProblem) return exitCodes.ok
  const { seq, reason } = auditProblem
  context.terminal.note(
    `Its audit chain is not as it was at entry ${seq}: ${oneLine(reason)} The archive has what is left. Don't delete the tenant: an import may refuse it.`,
  )
  return exitCodes.requestFailed
}

export async function importTenant(context: Context, file: string): Promise<undefined> {
  const { terminal, settings, json } = context
  const upload = await openUpload(resolve(settings.workingDir, file))
  const { client, credentials } = await connectOperator(context)
  const imported = await client.importTenant({ upload })
  if (json) printJson(terminal, imported)
  const { tenant, apiKey } = imported
  const kept = await keepKey(credentials?.path, { id: tenant.id, name: tenant.name, apiKey })
  if (json) return
  const todo = [
    kept ? `Its first key is in ${credentials?.path}` : `Its first key, shown this once: ${apiKey}`,
    ...describeLeftBehind(imported),
    `Then: ${context.commandLine} tenants resume ${tenant.id}`,
  ]
  terminal.write(`${oneLine(tenant.name)} is here, suspended.\n${todo.map((line) => `  ${line}\n`).join('')}`)
}

/** Its own words for a file that is not there name neither it nor why. */
async function openUpload(path: string): Promise<Blob> {
  try {
    await access(path, constants.R_OK)
    return await openAsBlob(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const why = { ENOENT: 'there is no such file', EACCES: 'you may not read it' }[String(code)] ?? String(error)
    throw wrongUsage(`${path} can't be read: ${why}.`)
  }
}

function describeLeftBehind(imported: ImportedTenant): string[] {
  const { keys, secretsToSet, webhooksToRotate, members, serviceAccounts, invitations } = imported
  const lists = {
    'Its keys of before are good for nothing here; make new ones': keys,
    'Set these secrets again': secretsToSet,
    'Webhooks that are off until their secret is rotated': webhooksToRotate === 0 ? [] : [String(webhooksToRotate)],
    'Invite its members again': members.map(({ email, name, roles }) =>
      withRoles(email ?? name ?? 'somebody without an address', roles),
    ),
    'And whoever was invited but is no member yet': invitations.map(({ email, roles }) => withRoles(email, roles)),
    'Create its service accounts again, and keys of them': serviceAccounts.map(({ name, roles }) =>
      withRoles(name, roles),
    ),
  }
  return Object.entries(lists)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what}: ${names.map(oneLine).join(', ')}`)
}

function withRoles(name: string, roles: readonly string[]): string {
  return roles.length === 0 ? name : `${name} (${roles.join(', ')})`
}
