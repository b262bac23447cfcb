import { createWriteStream, openAsBlob } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { connectOperator } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { wrongUsage } from '../failure.ts'
import { oneLine } from '../terminal/format.ts'
import { printJson } from '../terminal/terminal.ts'
import { keepKey } from './keep-key.ts'
import { findTenant } from './tenants.ts'

/** The file is there once it is whole. */
export async function exportTenant(context: Context, tenant: string, options: { output: string }): Promise<undefined> {
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
  if (context.json) printJson(context.terminal, { tenant: id, file: path })
  else context.terminal.write(`Everything of ${oneLine(name)} but values of secrets and keys is in ${path}\n`)
}

export async function importTenant(context: Context, file: string): Promise<undefined> {
  const { terminal, settings, json } = context
  const upload = await openAsBlob(resolve(settings.workingDir, file)).catch((error: unknown) => {
    throw wrongUsage(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  const { client, credentials } = await connectOperator(context)
  const imported = await client.importTenant({ upload })
  if (json) printJson(terminal, imported)
  const { tenant, apiKey, secretsToSet, webhooksToRotate, members } = imported
  const kept = await keepKey(credentials?.path, { id: tenant.id, name: tenant.name, apiKey })
  if (json) return
  const todo = [
    kept ? `Its first key is in ${credentials?.path}` : `Its first key, shown this once: ${apiKey}`,
    secretsToSet.length > 0 && `Set these secrets again: ${secretsToSet.map(oneLine).join(', ')}`,
    webhooksToRotate > 0 && `Webhooks that are off until their secret is rotated: ${webhooksToRotate}`,
    members.length > 0 && `Invite its members again: ${members.map(({ email }) => oneLine(email ?? '?')).join(', ')}`,
    `Then: ${context.commandLine} tenants resume ${tenant.id}`,
  ]
  terminal.write(
    `${oneLine(tenant.name)} is here, suspended.\n${todo
      .filter(Boolean)
      .map((line) => `  ${line}\n`)
      .join('')}`,
  )
}
