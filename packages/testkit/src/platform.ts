import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Client,
  createAgentSchema,
  createClient,
  platformPermissions,
  tenantPermissions,
} from '@freehold/contracts'
import {
  type Anchors,
  type Caller,
  createAgent,
  createFolderObjects,
  createPostgresVault,
  createSecretCipher,
  createStoredProvider,
  createTenant,
  type Database,
  generateKey,
  LocalBus,
  type ObjectStore,
  openDatabase,
  openFlags,
  type Platform,
  type ResolveTxt,
  registerOperatorKey,
  type Vault,
  type VouchedPerson,
} from '@freehold/core'
import type { CallModel, CallUpstream, ModelsConfig, Program, Tool, WorkerOptions } from '@freehold/runtime'
import type { SignIn } from '@freehold/server'
import pg from 'pg'
import { type Logger, pino } from 'pino'
import { createDataFolder } from './template.ts'
import { createTestIssuer } from './test-issuer.ts'

export interface TestPlatformOptions {
  /** A migrated PostgreSQL database, as its superuser; an embedded database of its own when absent. */
  databaseUrl?: string
  /** Execute runs, with the demo model unless `callModel` is given. */
  worker?: boolean | Partial<WorkerOptions>
  callModel?: CallModel
  /** The installation's providers, when no `callModel` is given; none when absent. */
  models?: ModelsConfig
  /** What would be `FREEHOLD_EGRESS_ALLOW`. */
  egressAllow?: string
  /** How long the upstream of a service is left alone when it fails. */
  upstreamOpenMs?: number
  /** How many calls of services a tenant can have under way. */
  maxCallsAtOnce?: number
  /** The vault in the database when absent. */
  vault?: (database: Database) => Vault
  /** A folder in the data folder when absent. */
  objects?: ObjectStore
  tools?: readonly Tool[]
  programs?: readonly Program[]
  leaseMs?: number
  rateLimitPerMinute?: number
  corsOrigins?: string[]
  /** The DNS; one that has every record that a tenant was told to make, when absent. */
  resolveTxt?: ResolveTxt
  /** Configuration of the server, as environment variables. */
  env?: Record<string, string>
}

export interface TestTenant {
  id: string
  name: string
  /** A key with every permission of the tenant. */
  key: string
}

export interface TestResponse {
  status: number
  headers: Headers
  text: string
  /** The parsed JSON; undefined when the answer was none. */
  body: unknown
}

export interface TestPlatform {
  platform: Platform
  database: Database
  /** The gateway, in this process, with the api behind it. */
  fetch: (request: Request) => Promise<Response>
  /** The api itself, which takes service tokens only. */
  apiFetch: (request: Request) => Promise<Response>
  /** Where people sign in. */
  signIn: SignIn
  /** Where the audit chains are anchored. */
  anchors: Anchors
  /** Where the gateway's signing key is. */
  dataDir: string
  operatorKey: string
  /** A bearer token of somebody that an issuer vouches for. */
  tokenFor: (person: Partial<VouchedPerson> & { subject: string }) => string
  acme: TestTenant
  globex: TestTenant
  /** What was logged so far, a JSON line each. */
  logs: string[]
  /** Sends a request to the gateway. A body that is neither text nor bytes goes as JSON. */
  request(
    key: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<TestResponse>
  client(key: string): Client
  /** A verb's caller, past the gateway. */
  caller(tenant: TestTenant): Caller
  createTenant(name: string): Promise<TestTenant>
  /** One statement with the rights of a superuser, whom no policy binds. */
  asSuperuser<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
  startWorker(options?: Partial<WorkerOptions>): Promise<void>
  stopWorker(graceMs?: number): Promise<void>
  close(): Promise<void>
}

/** A whole platform in this process, with the tenants acme and globex and an agent `assistant` in each. */
export async function createTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const dataDir = options.databaseUrl ? await mkdtemp(join(tmpdir(), 'freehold-data-')) : await createDataFolder()
  const database = await openDatabase({ url: options.databaseUrl, dataDir, poolSize: 10, migrate: false })
  const superuser = await openSuperuser(database, options.databaseUrl)
  const logs: string[] = []
  const logger: Logger = pino({ level: 'debug' }, { write: (line: string) => void logs.push(line) })
  const shutdown = new AbortController()
  // Not at the top, because core's own tests use the testkit without a server.
  const engine = await assembleEngine(options, database, logger)
  const { bus, catalogue, secrets, vault, findRefusal } = engine
  const objects = options.objects ?? createFolderObjects(join(dataDir, 'objects'))
  const platform: Platform = { database, bus, catalogue, secrets, vault, objects, findRefusal }
  const resolveTxt = options.resolveTxt ?? createObedientDns(superuser.query)
  const http = await assembleHttp(
    platform,
    engine.callUpstream,
    { ...options, resolveTxt },
    logger,
    dataDir,
    shutdown.signal,
  )

  const operatorKey = generateKey('operator')
  await registerOperatorKey(database, operatorKey)
  const operator: Caller = {
    platform,
    actor: { kind: 'operator', id: 'test', name: 'test' },
    tenantId: null,
    permissions: new Set(platformPermissions),
    roles: [],
    requestId: 'test',
  }
  const caller = (tenant: TestTenant): Caller => ({
    ...operator,
    actor: { kind: 'api_key', id: 'test', name: 'test' },
    tenantId: tenant.id,
    permissions: new Set(tenantPermissions),
  })
  const makeTenant = async (name: string): Promise<TestTenant> => {
    const { id, apiKey } = await createTenant(operator, { name })
    const tenant = { id, name, key: apiKey }
    await createAgent(caller(tenant), sampleAgent)
    return tenant
  }
  const { request, client } = createRequester(http.fetch)
  const test: TestPlatform = {
    platform,
    database,
    ...http,
    dataDir,
    operatorKey,
    acme: await makeTenant('acme'),
    globex: await makeTenant('globex'),
    logs,
    request,
    client,
    caller,
    createTenant: makeTenant,
    asSuperuser: superuser.query,
    startWorker: engine.startWorker,
    stopWorker: engine.stopWorker,
    async close() {
      shutdown.abort()
      await engine.stopWorker(0)
      await engine.bus.close()
      await superuser.close()
      await database.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  if (options.worker) await test.startWorker(options.worker === true ? {} : options.worker)
  return test
}

const sampleAgent = createAgentSchema.parse({ name: 'assistant', tools: ['calculate', 'current_time', 'delegate'] })

async function assembleEngine(options: TestPlatformOptions, database: Database, logger: Logger) {
  const runtime = await import('@freehold/runtime')
  const bus = new LocalBus()
  const tools = runtime.createToolRegistry(options.tools)
  const programs = [runtime.assistant, runtime.planRouteAnswer, ...(options.programs ?? [])]
  const secrets = createSecretCipher(randomBytes(32))
  const vault = options.vault?.(database) ?? createPostgresVault(database, secrets)
  const operatorAllow = runtime.parseEgressAllow(options.egressAllow ?? '')
  const delivery = runtime.createWebhookDelivery({ database, secrets, operatorAllow })
  const engine = {
    database,
    vault,
    flags: await openFlags('stored', createStoredProvider(database)),
    bus,
    programs: new Map([...programs, delivery].map((program) => [program.name, program])),
    tools,
    callModel:
      options.callModel ??
      runtime.createModelCaller(options.models ?? { compatible: {} }, {
        backoffMs: 1,
        tenantKeys: runtime.createTenantKeys({ database, vault, operatorAllow }),
      }),
    operatorAllow,
    logger,
    leaseMs: options.leaseMs ?? 15_000,
  }
  let worker: InstanceType<typeof runtime.Worker> | undefined
  return {
    bus,
    secrets,
    vault,
    callUpstream: runtime.createUpstreamCaller({
      database,
      vault,
      operatorAllow,
      openMs: options.upstreamOpenMs ?? 10_000,
      maxAtOnce: options.maxCallsAtOnce ?? 1_000,
    }),
    findRefusal: (url: string) => runtime.findRefusal(url, operatorAllow),
    catalogue: {
      programs: programs.map(({ name }) => name),
      providers: runtime.describeModels({ compatible: {} }).providers.map(({ name }) => name),
      tools: tools.list().map((tool) => tools.describe(tool)),
    },
    async startWorker(chosen: Partial<WorkerOptions> = {}) {
      worker = new runtime.Worker(engine, { concurrency: 8, pollMs: 200, ...chosen })
      worker.start()
    },
    async stopWorker(graceMs = 0) {
      await worker?.stop(graceMs)
      worker = undefined
    },
  }
}

/** Has the token of every claim, as if the owner of the host had put it there. */
function createObedientDns(query: TestPlatform['asSuperuser']): ResolveTxt {
  return async (name) => {
    const claims = await query<{ token: string }>(`select token from custom_hosts where '_custom-host.' || host = $1`, [
      name,
    ])
    return claims.map(({ token }) => `host-verify=${token}`)
  }
}

async function assembleHttp(
  platform: Platform,
  callUpstream: CallUpstream,
  options: TestPlatformOptions & { resolveTxt: ResolveTxt },
  logger: Logger,
  dataDir: string,
  shutdown: AbortSignal,
) {
  const server = await import('@freehold/server')
  const config = server.readConfig({ FREEHOLD_DATA_DIR: dataDir, FREEHOLD_DASHBOARD: 'off', ...options.env }, 'all')
  const corsOrigins = options.corsOrigins ?? []
  const origins = server.findOrigins({ ...config, corsOrigins }, null)
  const signIn = await server.openSignIn(config, origins, platform.database, logger)
  const anchors = await server.loadAnchors(config, platform.objects)
  const issuer = createTestIssuer()
  const api = server.createApi({
    platform,
    anchors,
    logger,
    callUpstream,
    takeCall: server.createProcessStore(),
    verify: await server.createVerifier(config),
    signIn,
    flags: await server.openConfiguredFlags(config, platform.database, logger),
    whiteLabel: { ...server.whiteLabelOf(config, origins), resolveTxt: options.resolveTxt },
    vouchers: { bearer: issuer.vouch, session: server.vouchBySession(signIn) },
    mail: {
      send: server.createMailer(config.mail, logger),
      publicUrl: origins.publicUrl,
      hasPages: server.hasDashboard(config),
    },
    shutdown,
  })
  const apiFetch = async (request: Request) => api.fetch(request)
  const gateway = server.createGateway({
    mint: await server.createMinter(config),
    logger,
    api: apiFetch,
    corsOrigins,
    origins,
    rateLimitPerMinute: options.rateLimitPerMinute ?? 1_000_000,
    signInAttemptsPerMinute: config.signIn.attemptsPerMinute,
  })
  return {
    anchors,
    signIn,
    apiFetch,
    tokenFor: issuer.tokenFor,
    fetch: async (request: Request) => gateway.fetch(request),
  }
}

function createRequester(
  fetchGateway: (request: Request) => Promise<Response>,
): Pick<TestPlatform, 'request' | 'client'> {
  return {
    async request(key, method, path, body, headers) {
      const sent = new Headers(headers)
      if (key !== null) sent.set('authorization', `Bearer ${key}`)
      if (body !== undefined && !sent.has('content-type')) sent.set('content-type', 'application/json')
      const bytes = body instanceof Uint8Array ? new Uint8Array(body) : undefined
      const raw = bytes ?? (typeof body === 'string' ? body : JSON.stringify(body))
      const response = await fetchGateway(
        new Request(`http://gateway${path}`, { method, headers: sent, ...(body !== undefined && { body: raw }) }),
      )
      return readResponse(response)
    },
    client: (key) =>
      createClient({
        url: 'http://gateway',
        apiKey: key,
        fetch: (input, init) => fetchGateway(new Request(input, init)),
      }),
  }
}

export async function readResponse(response: Response): Promise<TestResponse> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  const body = isJson && text !== '' ? JSON.parse(text) : undefined
  return { status: response.status, headers: response.headers, text, body }
}

/**
 * The embedded database has one connection, which works as freehold_app; a function that its login owns leads past
 * the policies there. It exists in test databases only.
 */
async function openSuperuser(
  database: Database,
  databaseUrl: string | undefined,
): Promise<{ query: TestPlatform['asSuperuser']; close(): Promise<void> }> {
  if (databaseUrl) {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 })
    pool.on('error', () => {}) // the server may be stopped before the pool
    return {
      query: async (text, values = []) => (await pool.query(text, [...values])).rows,
      close: () => pool.end(),
    }
  }
  for (const statement of [
    'reset role',
    'create schema testkit',
    `create function testkit.run(statement text) returns setof jsonb language plpgsql security definer as $$
       begin
         if statement ~* '^\\s*(select|with)' then
           return query execute format('select to_jsonb(r) from (%s) r', statement);
         else execute statement; end if;
       end $$`,
    'grant usage on schema testkit to freehold_app',
    'set role freehold_app',
  ]) {
    await database.call('', statement, [])
  }
  return {
    async query<Row>(text: string, values: readonly unknown[] = []) {
      const statement = text.replace(/\$(\d+)/g, (_, index) => pg.escapeLiteral(String(values[Number(index) - 1])))
      const rows = await database.call<{ row: Row }>('', 'select row from testkit.run($1) row', [statement])
      return rows.map(({ row }) => row)
    },
    close: async () => {},
  }
}
