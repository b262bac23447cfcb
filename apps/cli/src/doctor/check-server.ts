import { type Client, FreeholdError } from '@freehold/contracts'
import { explainUnreachable } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import { describeError } from '../failure.ts'
import { formatDuration, formatPlural, oneLine } from '../terminal/format.ts'
import { type Finding, note, ok, problem } from './finding.ts'

const timeoutMs = 10_000
const mostSkewMs = 60_000

interface Answer {
  status: number
  body: unknown
  date: string | null
}

async function get(url: string, path: string): Promise<Answer> {
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}${path}`, { signal: AbortSignal.timeout(timeoutMs) })
    const body: unknown = await response.json().catch(() => undefined)
    return { status: response.status, body, date: response.headers.get('date') }
  } catch (error) {
    throw explainUnreachable(url, error)
  }
}

/** Whether anything answers, whether the clocks agree, and whether it says that it is Freehold. */
export async function checkServer(
  url: string,
  ownVersion: string,
): Promise<{ findings: Finding[]; reachable: boolean }> {
  try {
    const startedAtMs = Date.now()
    const health = await get(url, '/health')
    const askedAtMs = (startedAtMs + Date.now()) / 2
    if (health.status !== 200) return { findings: [unexpected('server', `${url}/health`, health)], reachable: false }
    const findings = [
      ok('server', `answers at ${url}`),
      checkReady(url, await get(url, '/ready')),
      checkClock(health.date, askedAtMs),
      checkVersion(url, await get(url, '/api/v1/openapi.json'), ownVersion),
      checkRefusal(url, await get(url, '/api/v1/whoami')),
    ]
    return { findings, reachable: true }
  } catch (error) {
    return { findings: [problem('server', describeError(error))], reachable: false }
  }
}

function unexpected(check: string, url: string, { status }: Answer): Finding {
  return problem(check, `${url} answers ${status}`, 'Is it the address of Freehold? FREEHOLD_URL sets another one.')
}

function checkReady(url: string, answer: Answer): Finding {
  if (answer.status === 200) return ok('ready', 'the database answers')
  return problem(
    'ready',
    `${url}/ready answers ${answer.status}`,
    'Read the log of the server: its database does not answer.',
  )
}

/** The header has whole seconds, which is precise enough for what a wrong clock breaks: deadlines and expiring keys. */
export function checkClock(date: string | null, nowMs: number): Finding {
  const serverMs = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(serverMs)) return note('clock', 'the server does not tell its time')
  const skewMs = Math.abs(serverMs - nowMs)
  if (skewMs <= mostSkewMs) return ok('clock', `agrees with the server's`)
  const side = serverMs > nowMs ? 'ahead of' : 'behind'
  return problem('clock', `the server is ${formatDuration(skewMs)} ${side} this computer`, 'Set both clocks by NTP.')
}

export function checkVersion(url: string, answer: Pick<Answer, 'status' | 'body'>, ownVersion: string): Finding {
  const version = readVersion(answer.body)
  if (answer.status !== 200 || version === undefined) {
    return problem('version', `${url}/api/v1/openapi.json answers ${answer.status} and no API description`)
  }
  if (version === ownVersion) return ok('version', version)
  return note(
    'version',
    `the server has ${version}, this command ${ownVersion}`,
    'Use the command of the same version.',
  )
}

function readVersion(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('info' in body)) return undefined
  const { info } = body
  if (typeof info !== 'object' || info === null || !('version' in info)) return undefined
  return typeof info.version === 'string' ? info.version : undefined
}

export function checkRefusal(url: string, { status }: Pick<Answer, 'status'>): Finding {
  if (status === 401) return ok('access', 'a request without a key is refused')
  return problem(
    'access',
    `a request without a key gets ${status} from ${url}`,
    'Take it off the network until this is understood.',
  )
}

export async function checkOperator(client: Client | undefined): Promise<Finding> {
  if (!client) return note('operator', 'no operator key here')
  try {
    const { actor } = await client.whoami()
    if (actor.kind !== 'operator')
      return problem('operator', 'the operator key is one of a tenant', 'Set FREEHOLD_OPERATOR_KEY.')
    const tenants = await collectPages((query) => client.listTenants({ query }))
    return ok('operator', `the key works, ${formatPlural(tenants.length, 'tenant')}`)
  } catch (error) {
    return problem(
      'operator',
      describeError(error),
      'Is it the key of this installation? The server registers it when it starts.',
    )
  }
}

/** Whether the audit trail of a tenant gets into its archive; undefined where there is none, or nobody who may ask. */
export async function checkArchive(name: string, client: Client): Promise<Finding | undefined> {
  const check = `audit archive of ${oneLine(name)}`
  try {
    const { store, archivedSeq, waitingSince, overdue } = await client.getAuditArchive()
    if (store === null) return undefined
    if (!overdue) return ok(check, `${store}, up to entry ${archivedSeq}`)
    return problem(check, `${store}, entries wait since ${waitingSince}`, 'Read the log of the api, which says why.')
  } catch (error) {
    if (error instanceof FreeholdError && error.code !== 'unavailable') return undefined
    return problem(check, describeError(error), 'Read the log of the api. Nothing is lost: it archives later.')
  }
}

/** A tenant's key, and what its agents run on. */
export async function checkTenant(name: string, client: Client, commandLine: string): Promise<Finding> {
  const check = `tenant ${oneLine(name)}`
  try {
    const { tenant } = await client.whoami()
    if (tenant === null) return problem(check, 'its key belongs to no tenant')
    const agents = await collectPages((query) => client.listAgents({ query }))
    const models = agents.map((agent) => `${agent.name} (${oneLine(agent.model)})`).join(', ')
    return ok(check, agents.length === 0 ? 'the key works, no agents yet' : `the key works, agents: ${models}`)
  } catch (error) {
    if (error instanceof FreeholdError && error.code === 'tenant_suspended') {
      return note(check, 'suspended', `Lift it: ${commandLine} tenants resume ${JSON.stringify(name)}`)
    }
    if (error instanceof FreeholdError && error.code === 'permission_denied') {
      return note(check, `the key works, but may not list agents`)
    }
    return problem(
      check,
      describeError(error),
      'A new key: restart the platform, which replaces the keys of sample tenants.',
    )
  }
}
