import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { environmentSchema, type Service } from '@freehold/contracts'
import { wrongUsage } from '../failure.ts'

export interface ServiceOptions {
  file?: string
  env?: string
  url?: string
  mcp?: string
  agent?: string
  connection?: string
  contract?: string
  description?: string
  timeoutMs?: string
  requestsPerSecond?: string
  force?: boolean
}

type Fields = Record<string, unknown>

/** What the server adds to a service. Left out, so that what `services show --json` printed can be given back. */
const serverFields = ['name', 'teamId', 'createdBy', 'createdAt', 'updatedAt', 'consumers']

/** The service that a file, or else what is registered, and the options give together. Not checked yet. */
export async function readService(
  options: ServiceOptions,
  workingDir: string,
  registered: Service | undefined,
): Promise<Fields> {
  const base: Fields =
    options.file === undefined ? { ...registered } : await readJson(resolve(workingDir, options.file))
  const given = Object.fromEntries(Object.entries(base).filter(([field]) => !serverFields.includes(field)))
  const upstream = readUpstream(options)
  const { contract, description, timeoutMs, requestsPerSecond, force } = options
  return {
    ...given,
    ...(upstream && { environments: { ...(given.environments ?? {}), [options.env ?? 'production']: upstream } }),
    ...(contract !== undefined && { contract: await readContract(resolve(workingDir, contract)) }),
    ...(description !== undefined && { description }),
    ...(timeoutMs !== undefined && { timeoutMs: readNumber('--timeout-ms', timeoutMs) }),
    ...(requestsPerSecond !== undefined && {
      limits: {
        requestsPerSecond:
          requestsPerSecond === 'none' ? null : readNumber('--requests-per-second', requestsPerSecond, ', or "none"'),
      },
    }),
    ...(force && { force }),
  }
}

function readNumber(option: string, text: string, orElse = ''): number {
  if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  throw wrongUsage(`${option}: "${text}" is no number. Give one${orElse}.`)
}

function readUpstream({ url, mcp, agent, connection, env }: ServiceOptions): Fields | undefined {
  const given = [url, mcp, agent].filter((each) => each !== undefined)
  if (env !== undefined && !environmentSchema.safeParse(env).success)
    throw wrongUsage(`--env: "${env}" is none. Give development, staging or production.`)
  if (given.length > 1) throw wrongUsage('Give one of --url, --mcp and --agent.')
  if (given.length === 0) {
    if (connection === undefined && env === undefined) return undefined
    throw wrongUsage('--env and --connection go with --url, --mcp or --agent.')
  }
  if (agent !== undefined) return { kind: 'agent', agent }
  return { kind: mcp === undefined ? 'http' : 'mcp', url: url ?? mcp, ...(connection !== undefined && { connection }) }
}

/** What says which kind of contract it is stands in the document itself. */
export async function readContract(path: string): Promise<Fields> {
  const document = await readJson(path)
  return { kind: 'openapi' in document ? 'openapi' : 'agent_card', document }
}

async function readJson(path: string): Promise<Fields> {
  const value: unknown = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text))
    .catch((error: unknown) => {
      throw wrongUsage(`${path} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
    })
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw wrongUsage(`${path} holds no JSON object.`)
}
