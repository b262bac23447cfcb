import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { CliError, wrongUsage } from '../failure.ts'
import type { Settings } from './settings.ts'

const fileName = 'credentials.json'

export interface TenantAccess {
  id: string
  apiKey: string
}

/** What `credentials.json` says. The server writes it at its first start. */
export interface Credentials {
  path: string
  url: string
  operatorKey: string | undefined
  tenants: Map<string, TenantAccess>
}

/** Reads the file in the data directory, else the nearest `.freehold` upwards. Undefined when there is none. */
export async function findCredentials(settings: Settings): Promise<Credentials | undefined> {
  for (const path of candidatePaths(settings)) {
    const text = await readIfThere(path)
    if (text !== undefined) return parseCredentials(text, path)
  }
  return undefined
}

export function candidatePaths({ dataDir, workingDir }: Pick<Settings, 'dataDir' | 'workingDir'>): string[] {
  if (dataDir !== undefined) return [join(resolve(workingDir, dataDir), fileName)]
  const paths: string[] = []
  for (let folder = resolve(workingDir); ; folder = dirname(folder)) {
    paths.push(join(folder, '.freehold', fileName))
    if (folder === dirname(folder)) return paths
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const advice = code === 'EACCES' ? 'it belongs to another user' : String(code)
    throw new CliError(`${path} can't be read: ${advice}.`, 1, error)
  }
}

export function parseCredentials(text: string, path: string): Credentials {
  const { url, operatorKey, tenants } = parseObject(text, path)
  const entries = isObject(tenants) ? Object.entries(tenants) : []
  const valid = entries.flatMap(([name, entry]): [string, TenantAccess][] =>
    isObject(entry) && typeof entry.id === 'string' && typeof entry.apiKey === 'string'
      ? [[name, { id: entry.id, apiKey: entry.apiKey }]]
      : [],
  )
  if (typeof url !== 'string' || valid.length !== entries.length) throw unreadable(path)
  return {
    path,
    url,
    operatorKey: typeof operatorKey === 'string' ? operatorKey : undefined,
    tenants: new Map(valid),
  }
}

export function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Answered below, like JSON that is no object.
  }
  throw unreadable(path)
}

function unreadable(path: string): CliError {
  return new CliError(
    `${path} is not a credentials file. Move it away and start the platform again: it writes a new one.`,
  )
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The tenant that was asked for; else the only one, `acme`, or the first. */
export function chooseTenant(credentials: Credentials, wanted: string | undefined): TenantAccess {
  const { path, tenants } = credentials
  const names = [...tenants.keys()]
  const [first] = names
  if (first === undefined) {
    throw new CliError(`${path} has no tenant yet. Create one: freehold tenants create <name>`)
  }
  const access = tenants.get(wanted ?? (tenants.has('acme') ? 'acme' : first))
  if (access) return access
  throw wrongUsage(`There is no tenant "${wanted}" in ${path}. It has: ${names.join(', ')}.`)
}
