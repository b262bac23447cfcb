import { readFileSync } from 'node:fs'
import type { BlockList } from 'node:net'
import { join, resolve } from 'node:path'
import { type IsolationTier, isolationTiers } from '@freehold/contracts'
import { type EgressRule, type ModelsConfig, modelsConfigFromEnv, parseEgressAllow } from '@freehold/runtime'
import { z } from 'zod'
import { readProxies } from './gateway/client-address.ts'
import { type MailConfig, readMailConfig } from './mail/mail.ts'
import { type AuditArchiveConfig, type ObjectsConfig, readObjectsConfig } from './objects.ts'
import { Secret } from './secret.ts'
import { readSignInConfig, type SignInConfig } from './sign-in/config.ts'
import { needs, type Target } from './targets.ts'
import type { TlsFiles } from './tls/identity.ts'
import { type Issuer, parseIssuers } from './tokens/issuers.ts'

const defaultPorts: Record<Target, number> = {
  all: 3000,
  gateway: 3000,
  api: 3001,
  worker: 3002,
  web: 3003,
  migrate: 0,
}

const number = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback)
const url = (protocols: RegExp) => z.url({ protocol: protocols }).optional()

const secretKeySchema = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be 32 bytes in base64; make one with "keygen"')
  .optional()

const environmentSchema = z.object({
  DATABASE_URL: url(/^postgres(ql)?$/),
  FREEHOLD_DATABASE_OWNER_URL: url(/^postgres(ql)?$/),
  FREEHOLD_DATABASE_POOL: number(10, 1, 200),
  REDIS_URL: url(/^rediss?$/),
  FREEHOLD_DATA_DIR: z.string().default('.freehold'),
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  FREEHOLD_API_URL: url(/^https?$/),
  FREEHOLD_DASHBOARD: z.enum(['on', 'off']).default('on'),
  FREEHOLD_WEB_URL: url(/^https?$/),
  FREEHOLD_GATEWAY_URL: url(/^https?$/),
  FREEHOLD_TLS_CERT: z.string().optional(),
  FREEHOLD_TLS_KEY: z.string().optional(),
  FREEHOLD_TLS_CA: z.string().optional(),
  FREEHOLD_PROBE_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  FREEHOLD_SERVICE_KEY: z.string().optional(),
  FREEHOLD_SERVICE_PUBLIC_KEY: z.string().optional(),
  FREEHOLD_SECRET_KEY: secretKeySchema,
  FREEHOLD_SECRET_KEY_PREVIOUS: secretKeySchema,
  FREEHOLD_VAULT: z.enum(['postgres', 'openbao', 'openbao-transit', 'aws']).default('postgres'),
  FREEHOLD_AWS_PREFIX: z
    .string()
    .regex(/^[\w+=.@-]+(\/[\w+=.@-]+)*$/, 'must be the beginning of names, such as "freehold"')
    .default('freehold'),
  FREEHOLD_OPENBAO_URL: url(/^https?$/),
  FREEHOLD_OPENBAO_TOKEN: z.string().optional(),
  FREEHOLD_OPENBAO_TOKEN_FILE: z.string().optional(),
  FREEHOLD_OPENBAO_MOUNT: z
    .string()
    .regex(/^[\w-]+(\/[\w-]+)*$/, 'must be the path of a secrets engine, such as "secret"')
    .optional(),
  FREEHOLD_OPENBAO_KEY_PREFIX: z
    .string()
    .regex(/^\w[\w.-]*$/, 'must be the beginning of names of keys, such as "freehold"')
    .default('freehold'),
  FREEHOLD_OPERATOR_KEY: z
    .string()
    .regex(/^fho_[A-Za-z0-9_-]{43}$/, 'must be "fho_" and 43 base64url characters')
    .optional(),
  FREEHOLD_ISSUERS: z.string().optional(),
  FREEHOLD_ISSUERS_FILE: z.string().optional(),
  FREEHOLD_SAMPLES: z.enum(['on', 'off']).default('on'),
  FREEHOLD_BRAND_NAME: z.string().trim().max(80).default('Freehold'),
  FREEHOLD_SUPPORT_ADDRESS: z
    .union([z.email(), z.url({ protocol: /^https$/ })], {
      error: 'must be an email address or an https URL',
    })
    .optional(),
  FREEHOLD_DNS_SERVERS: z.string().default(''),
  FREEHOLD_UNLEASH_URL: url(/^https?$/),
  FREEHOLD_UNLEASH_TOKEN: z.string().optional(),
  FREEHOLD_CORS_ORIGINS: z.string().default(''),
  FREEHOLD_TRUSTED_PROXIES: z.string().default(''),
  FREEHOLD_RATE_LIMIT_PER_MINUTE: number(6_000, 1, 1_000_000),
  FREEHOLD_EGRESS_ALLOW: z.string().default(''),
  FREEHOLD_WORKER_CONCURRENCY: number(32, 1, 1_000),
  FREEHOLD_WORKER_ISOLATION: z
    .string()
    .transform(splitList)
    .pipe(z.array(z.enum(isolationTiers)))
    .optional(),
  FREEHOLD_LEASE_MS: number(15_000, 500, 600_000),
  FREEHOLD_SHUTDOWN_GRACE_MS: number(10_000, 0, 600_000),
  FREEHOLD_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
})

export type VaultConfig =
  | { kind: 'postgres' }
  | ({ kind: 'openbao' } & OpenBaoAccess)
  | ({ kind: 'openbao-transit'; keyPrefix: string } & OpenBaoAccess)
  | { kind: 'aws'; prefix: string }

export interface OpenBaoAccess {
  url: string
  mount: string
  token: Secret | TokenFile
}

/** Read before each request, since whoever writes it renews the token in it. */
export interface TokenFile {
  path: string
}

export interface ServerConfig {
  target: Target
  dataDir: string
  database: { url: Secret | undefined; ownerUrl: Secret | undefined; poolSize: number }
  redisUrl: Secret | undefined
  host: string
  port: number
  apiUrl: string | undefined
  /** Whether this process runs the dashboard, where its target has it. */
  dashboard: boolean
  /** Where a gateway finds a dashboard that runs elsewhere. */
  webUrl: string | undefined
  /** Where a dashboard of its own finds the gateway. */
  gatewayUrl: string | undefined
  /** What the dashboard's process gets of the environment: how to run, and nothing that opens anything. */
  dashboardEnv: Record<string, string>
  /** How gateway and api know each other on different hosts; in the clear when absent. */
  tls: TlsFiles | undefined
  /** Where an api with TLS answers probes, which have no certificate. */
  probePort: number | undefined
  serviceKey: Secret | undefined
  servicePublicKey: string | undefined
  secretKey: Secret | undefined
  /** Still opens what it encrypted, until everything is rewrapped. */
  previousSecretKey: Secret | undefined
  vault: VaultConfig
  objects: ObjectsConfig
  /** How old entries of the audit trail are at the most when they are archived; nothing is when absent. */
  auditArchive: AuditArchiveConfig | undefined
  operatorKey: Secret | undefined
  /** Whose bearer tokens are accepted beside our own keys. */
  issuers: Issuer[]
  samples: boolean
  /** How the installation looks where no tenant says otherwise. */
  brand: { name: string; supportAddress: string | null }
  /** Asked whether a tenant's host is its own; those of the system when empty. */
  dnsServers: string[]
  /** Where feature flags are; in the database when absent. */
  unleash: { url: string; token: Secret } | undefined
  corsOrigins: string[]
  /** Whose word for the address of a caller counts. */
  trustedProxies: BlockList
  signIn: SignInConfig
  mail: MailConfig
  rateLimitPerMinute: number
  egressAllow: EgressRule[]
  models: ModelsConfig
  worker: {
    concurrency: number
    leaseMs: number
    /** Of the plans whose tenants it serves; all when undefined. */
    isolation: readonly IsolationTier[] | undefined
  }
  shutdownGraceMs: number
  logLevel: string
}

/** Reads the configuration from the environment. Throws one `Error` that names every problem. */
export function readConfig(env: NodeJS.ProcessEnv, target: Target): ServerConfig {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const problems: string[] = []
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  const egressAllow = collect(
    problems,
    () => parseEgressAllow(given.FREEHOLD_EGRESS_ALLOW ?? ''),
    'FREEHOLD_EGRESS_ALLOW: ',
  )
  const models = collect(problems, () => modelsConfigFromEnv(given))
  const trustedProxies = readProxies(splitList(given.FREEHOLD_TRUSTED_PROXIES ?? ''), (entry) =>
    problems.push(`FREEHOLD_TRUSTED_PROXIES: "${entry}" is no address and no range, such as 10.0.0.7 or 10.0.0.0/8`),
  )
  requireNeighbour(given, target, problems)
  if (
    needs(target, 'gateway') &&
    needs(target, 'api') &&
    given.FREEHOLD_SERVICE_PUBLIC_KEY &&
    !given.FREEHOLD_SERVICE_KEY
  ) {
    problems.push(
      `FREEHOLD_SERVICE_KEY: the target ${target} signs with it too; give it beside FREEHOLD_SERVICE_PUBLIC_KEY, or neither`,
    )
  }
  const unleash = readUnleash(given, problems)
  const vault = parsed.success ? readVault(parsed.data, problems) : undefined
  const objects = readObjectsConfig(given, problems)
  const issuers = readIssuers(given, problems)
  const tls = readTls(given, target, problems)
  const signIn = readSignInConfig(given, problems)
  const mail = readMailConfig(given, problems)
  if (!parsed.success || !egressAllow || !models || !vault || !objects || !signIn || !mail || problems.length > 0) {
    throw new Error(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
  }
  const read = parsed.data
  return {
    target,
    dataDir: resolve(read.FREEHOLD_DATA_DIR),
    database: {
      url: Secret.of(read.DATABASE_URL),
      ownerUrl: Secret.of(read.FREEHOLD_DATABASE_OWNER_URL),
      poolSize: read.FREEHOLD_DATABASE_POOL,
    },
    redisUrl: Secret.of(read.REDIS_URL),
    host: read.HOST,
    port: read.PORT ?? defaultPorts[target],
    apiUrl: read.FREEHOLD_API_URL,
    dashboard: read.FREEHOLD_DASHBOARD === 'on' && read.FREEHOLD_WEB_URL === undefined,
    webUrl: read.FREEHOLD_WEB_URL,
    gatewayUrl: read.FREEHOLD_GATEWAY_URL,
    dashboardEnv: pick(given, passedToDashboard),
    tls,
    probePort: tls && read.FREEHOLD_PROBE_PORT,
    serviceKey: Secret.of(read.FREEHOLD_SERVICE_KEY),
    servicePublicKey: read.FREEHOLD_SERVICE_PUBLIC_KEY,
    secretKey: Secret.of(read.FREEHOLD_SECRET_KEY),
    previousSecretKey: Secret.of(read.FREEHOLD_SECRET_KEY_PREVIOUS),
    vault,
    ...objects,
    operatorKey: Secret.of(read.FREEHOLD_OPERATOR_KEY),
    issuers,
    samples: read.FREEHOLD_SAMPLES === 'on',
    brand: { name: read.FREEHOLD_BRAND_NAME, supportAddress: read.FREEHOLD_SUPPORT_ADDRESS ?? null },
    dnsServers: splitList(read.FREEHOLD_DNS_SERVERS),
    unleash,
    corsOrigins: splitList(read.FREEHOLD_CORS_ORIGINS),
    trustedProxies,
    signIn,
    mail,
    rateLimitPerMinute: read.FREEHOLD_RATE_LIMIT_PER_MINUTE,
    egressAllow,
    models,
    worker: {
      concurrency: read.FREEHOLD_WORKER_CONCURRENCY,
      leaseMs: read.FREEHOLD_LEASE_MS,
      isolation: read.FREEHOLD_WORKER_ISOLATION,
    },
    shutdownGraceMs: read.FREEHOLD_SHUTDOWN_GRACE_MS,
    // Someone at a terminal reads the banner; a collector reads every request.
    logLevel: read.FREEHOLD_LOG_LEVEL ?? (process.stdout.isTTY ? 'warn' : 'info'),
  }
}

const passedToDashboard = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'TZ',
  'SystemRoot',
  'NODE_COMPILE_CACHE',
  'NODE_EXTRA_CA_CERTS',
]

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])))
}

/** What a target of its own can't find by itself. */
function requireNeighbour(given: NodeJS.ProcessEnv, target: Target, problems: string[]): void {
  if (target === 'gateway' && !given.FREEHOLD_API_URL) {
    problems.push('FREEHOLD_API_URL: the gateway needs the address of the api, such as http://127.0.0.1:3001')
  }
  if (target === 'web' && !given.FREEHOLD_GATEWAY_URL) {
    problems.push('FREEHOLD_GATEWAY_URL: the dashboard needs the address of the gateway, such as http://127.0.0.1:3000')
  }
}

export function credentialsPath(dataDir: string): string {
  return join(dataDir, 'credentials.json')
}

function readVault(read: z.output<typeof environmentSchema>, problems: string[]): VaultConfig {
  const kind = read.FREEHOLD_VAULT
  if (kind === 'postgres') return { kind }
  if (kind === 'aws') return { kind, prefix: read.FREEHOLD_AWS_PREFIX }
  const { FREEHOLD_OPENBAO_URL: url, FREEHOLD_OPENBAO_TOKEN: token, FREEHOLD_OPENBAO_TOKEN_FILE: path } = read
  if (!url)
    problems.push(`FREEHOLD_OPENBAO_URL: the vault "${kind}" needs its address, such as https://bao.internal:8200`)
  if (!token === !path) {
    problems.push(`FREEHOLD_OPENBAO_TOKEN: the vault "${kind}" needs it or FREEHOLD_OPENBAO_TOKEN_FILE, and not both`)
  }
  const access = { url: url ?? '', token: path ? { path } : new Secret(token ?? '') }
  const { FREEHOLD_OPENBAO_MOUNT: mount, FREEHOLD_OPENBAO_KEY_PREFIX: keyPrefix } = read
  if (kind === 'openbao') return { kind, ...access, mount: mount ?? 'secret' }
  return { kind, ...access, mount: mount ?? 'transit', keyPrefix }
}

/** Only gateway and api speak to each other over the network; within `all` there is no connection to protect. */
function readTls(given: NodeJS.ProcessEnv, target: Target, problems: string[]): TlsFiles | undefined {
  const { FREEHOLD_TLS_CERT: cert, FREEHOLD_TLS_KEY: key, FREEHOLD_TLS_CA: ca, FREEHOLD_API_URL: apiUrl } = given
  if (!cert && !key && !ca) {
    if (target === 'api' && given.FREEHOLD_PROBE_PORT)
      problems.push('FREEHOLD_PROBE_PORT: is for an api with FREEHOLD_TLS_CERT; without, PORT answers probes')
    return undefined
  }
  if (target === 'all') {
    problems.push(
      'FREEHOLD_TLS_CERT: is for gateway and api on different hosts; for callers, put TLS in front of "all"',
    )
  }
  if (target === 'gateway' && apiUrl && !apiUrl.startsWith('https:')) {
    problems.push('FREEHOLD_API_URL: must begin with https:// where FREEHOLD_TLS_CERT is set')
  }
  if (!cert || !key || !ca) {
    problems.push('FREEHOLD_TLS_CERT: goes with FREEHOLD_TLS_KEY and FREEHOLD_TLS_CA; give all three, or none')
    return undefined
  }
  return target === 'api' || target === 'gateway' ? { cert, key, ca } : undefined
}

function readIssuers(given: NodeJS.ProcessEnv, problems: string[]): Issuer[] {
  const { FREEHOLD_ISSUERS: inline, FREEHOLD_ISSUERS_FILE: path } = given
  if (inline && path) problems.push('FREEHOLD_ISSUERS: give it or FREEHOLD_ISSUERS_FILE, and not both')
  const name = path ? 'FREEHOLD_ISSUERS_FILE' : 'FREEHOLD_ISSUERS'
  try {
    return parseIssuers(path ? readFileSync(path, 'utf8') : (inline ?? '[]'))
  } catch (error) {
    const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
    problems.push(...errors.map((one) => `${name}: ${one instanceof Error ? one.message : String(one)}`))
    return []
  }
}

function readUnleash(given: NodeJS.ProcessEnv, problems: string[]): ServerConfig['unleash'] {
  const { FREEHOLD_UNLEASH_URL: address, FREEHOLD_UNLEASH_TOKEN: token } = given
  if (address && token) return { url: address, token: new Secret(token) }
  if (address || token) problems.push('FREEHOLD_UNLEASH_URL: goes with FREEHOLD_UNLEASH_TOKEN; give both, or neither')
  return undefined
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
}

function collect<T>(problems: string[], read: () => T, prefix = ''): T | undefined {
  try {
    return read()
  } catch (error) {
    problems.push(prefix + (error instanceof Error ? error.message : String(error)))
    return undefined
  }
}
