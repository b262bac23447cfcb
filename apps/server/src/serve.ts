import {
  type Anchors,
  type Bus,
  checkDueHosts,
  connectRedis,
  createTxtResolver,
  type Database,
  type Flags,
  forgetRequests,
  LocalBus,
  measureDueStorage,
  openDatabase,
  type Platform,
  PostgresBus,
  RedisBus,
  type RedisState,
} from '@freehold/core'
import {
  assistant,
  createModelCaller,
  createTenantKeys,
  createToolRegistry,
  createUpstreamCaller,
  createWebhookDelivery,
  describeModels,
  findRefusal,
  type Program,
  planRouteAnswer,
  Scheduler,
  type Tool,
  type ToolRegistry,
  Worker,
  webhookDeliveryName,
} from '@freehold/runtime'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { createApi } from './api/app.ts'
import type { Vouchers } from './api/vouchers.ts'
import { whiteLabelOf } from './api/white-label.ts'
import { loadAnchors, startAnchoring } from './audit-anchors.ts'
import type { ServerConfig } from './config.ts'
import { renderBanner } from './first-run/banner.ts'
import { setUp } from './first-run/set-up.ts'
import { createGateway } from './gateway/app.ts'
import type { Dashboard } from './gateway/dashboard.ts'
import { remoteApi } from './gateway/forward.ts'
import { createProcessStore, createRedisStore, type Redis } from './gateway/rate-store.ts'
import { createListener, type Fetch, type Listener } from './http/listener.ts'
import { problemResponse } from './http/respond.ts'
import { createMailer } from './mail/mail.ts'
import { openObjects } from './objects.ts'
import { openConfiguredFlags } from './open-flags.ts'
import { openVault } from './open-vault.ts'
import { repeat } from './repeat.ts'
import { loadSecretCipher } from './secret-key.ts'
import { createMinter, createVerifier } from './service-token.ts'
import { findOrigins, type Origins } from './sign-in/origins.ts'
import { openSignIn, type SignIn, vouchBySession } from './sign-in/sign-in.ts'
import { needs } from './targets.ts'
import { openTlsIdentity, type TlsIdentity } from './tls/identity.ts'
import { createTokenVerifier } from './tokens/verifier.ts'
import { hasDashboard, serveWeb, startDashboard } from './web/serve-web.ts'

export interface RunningServer {
  /** Where it listens; null for a target that serves nothing, and for the dashboard alone, which may have to be built first. */
  url: string | null
  /** Stops taking work, lets go on what is under way for the grace period, and closes everything. */
  stop(): Promise<void>
}

const housekeepingMs = 600_000
/** How often it is looked for tenants whose storage is to be measured. */
const measuringMs = 60_000
/** How often hosts are looked for whose time has come. */
const hostCheckingMs = 60_000

/** What an operator adds to the built-in programs and tools. Every process of an installation needs the same. */
export interface Extensions {
  programs?: readonly Program[]
  tools?: readonly Tool[]
}

/** What agents can be made of. */
interface Parts {
  programs: ReadonlyMap<string, Program>
  tools: ToolRegistry
}

/** Starts the modules of a target, in the order in which they need each other. */
export async function serve(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
  extensions: Extensions = {},
): Promise<RunningServer> {
  const parts = { programs: collectPrograms(extensions.programs), tools: createToolRegistry(extensions.tools) }
  await using stops = new AsyncDisposableStack()
  const url = await start(config, logger, progress, parts, stops)
  const kept = stops.move()
  return { url, stop: () => kept.disposeAsync() }
}

async function start(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
  parts: Parts,
  stops: AsyncDisposableStack,
): Promise<string | null> {
  const { target } = config
  if (target === 'web') {
    serveWeb(config, logger, progress, stops)
    return null
  }
  const shutdown = new AbortController()
  const platform = needs(target, 'database') ? await openPlatform(config, logger, progress, parts, stops) : undefined

  const listener = createListener(needs(target, 'api') ? { tls: await openTls(config, logger, stops) } : {})
  const url = target === 'migrate' ? null : await listener.listen(config)
  stops.defer(() => listener.close(Math.min(config.shutdownGraceMs, 5_000)))
  const probes = await listenForProbes(config, stops)

  const origins = findOrigins(config, url)
  const signIn = platform && (await openSignIn(config, origins, platform.database, logger))
  const firstRun =
    signIn && needs(target, 'set-up')
      ? await setUp(platform, config, url ?? 'http://127.0.0.1:3000', signIn)
      : undefined
  const flags = platform && (await openStoppingFlags(config, platform, logger, stops))
  const anchors = platform && needs(target, 'api') ? await loadAnchors(config, platform.objects) : undefined
  if (platform && flags) startBackground(config, logger, platform, { anchors, flags, ...parts }, stops)
  const dashboard = startDashboard(config, { url, publicUrl: origins.publicUrl }, logger, progress, stops)
  stops.defer(async () => {
    listener.drain()
    probes?.drain()
    shutdown.abort()
  })
  listener.serve(
    await buildSurface(
      { config, logger, platform, anchors, signIn, flags, origins, dashboard, shutdown: shutdown.signal },
      stops,
    ),
  )
  probes?.serve(healthOf(platform).fetch)
  logger.info({ url }, 'ready')
  if (target === 'all' && firstRun)
    progress(renderBanner(config, firstRun, describeModels(config.models), origins.publicUrl))
  return url
}

/** What goes on without a request. */
function startBackground(
  config: ServerConfig,
  logger: Logger,
  platform: Platform,
  parts: Parts & { anchors: Anchors | undefined; flags: Flags },
  stops: AsyncDisposableStack,
): void {
  if (needs(config.target, 'api')) stops.defer(startHousekeeping(platform, config, logger))
  const { anchors } = parts
  if (anchors) stops.defer(startAnchoring(platform.database, anchors, logger))
  if (needs(config.target, 'worker')) stops.defer(startWorker(config, logger, platform, parts))
}

interface SurfaceParts {
  config: ServerConfig
  logger: Logger
  platform: Platform | undefined
  anchors: Anchors | undefined
  signIn: SignIn | undefined
  flags: Flags | undefined
  origins: Origins
  dashboard: Dashboard | undefined
  shutdown: AbortSignal
}

/** What a target answers over HTTP: the gateway before an api here or elsewhere, the api alone, or only probes. */
async function buildSurface(
  { config, logger, platform, anchors, signIn, flags, origins, dashboard, shutdown }: SurfaceParts,
  stops: AsyncDisposableStack,
): Promise<Fetch> {
  const redis = platform && !anchors ? undefined : connectCounter(config, logger, stops)
  const api =
    platform && anchors && signIn && flags
      ? createApi({
          platform,
          anchors,
          logger,
          callUpstream: createUpstreamCaller({ ...platform, operatorAllow: config.egressAllow }),
          takeCall: redis ? createRedisStore(redis) : createProcessStore(),
          verify: await createVerifier(config),
          signIn,
          whiteLabel: whiteLabelOf(config, origins),
          flags,
          vouchers: vouchersOf(config, signIn, logger),
          mail: {
            send: createMailer(config.mail, logger),
            publicUrl: origins.publicUrl,
            hasPages: hasDashboard(config),
          },
          shutdown,
        })
      : undefined
  if (needs(config.target, 'gateway')) {
    return (await buildGateway({ config, logger, origins, dashboard }, api?.fetch, redis, stops)).fetch
  }
  return (api ?? healthOf(platform)).fetch
}

async function openStoppingFlags(
  config: ServerConfig,
  { database }: Platform,
  logger: Logger,
  stops: AsyncDisposableStack,
): Promise<Flags> {
  const flags = await openConfiguredFlags(config, database, logger)
  stops.defer(() => flags.close())
  return flags
}

/** Where gateways and apis count requests together. */
function connectCounter(config: ServerConfig, logger: Logger, stops: AsyncDisposableStack): Redis | undefined {
  const redis = config.redisUrl && connectRedis(config.redisUrl.reveal(), reportTo(logger, 'the rate limits'))
  stops.defer(async () => redis?.destroy())
  return redis
}

function vouchersOf({ issuers }: ServerConfig, signIn: SignIn, logger: Logger): Vouchers {
  const bearer = issuers.length === 0 ? undefined : createTokenVerifier(issuers, { logger })
  return { session: vouchBySession(signIn), bearer }
}

function collectPrograms(extra: readonly Program[] = []): ReadonlyMap<string, Program> {
  const programs = new Map<string, Program>()
  for (const program of [assistant, planRouteAnswer, ...extra]) {
    if (program.name === webhookDeliveryName) {
      throw new Error(`The platform delivers webhooks with its own program "${program.name}". Rename yours.`)
    }
    if (programs.has(program.name)) throw new Error(`Two programs are called "${program.name}". Rename one of them.`)
    programs.set(program.name, program)
  }
  return programs
}

async function openPlatform(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
  { programs, tools }: Parts,
  stops: AsyncDisposableStack,
): Promise<Platform> {
  const { url, ownerUrl, poolSize } = config.database
  progress(url ? 'opening PostgreSQL …' : `opening the embedded database in ${config.dataDir} …`)
  const database = await openDatabase({
    url: url?.reveal(),
    ownerUrl: ownerUrl?.reveal(),
    poolSize,
    dataDir: config.dataDir,
    migrate: needs(config.target, 'migrations'),
    onLostConnection: (error) => logger.warn({ err: error }, 'a database connection was lost'),
  })
  stops.defer(() => database.close())
  const bus = await openBus(config, logger, database)
  stops.defer(() => bus.close())
  const catalogue = {
    programs: [...programs.keys()],
    providers: describeModels(config.models).providers.map(({ name }) => name),
    tools: tools.list().map((tool) => tools.describe(tool)),
  }
  const secrets = await loadSecretCipher(config)
  const vault = openVault(config.vault, database, secrets)
  const refusalOf = (target: string) => findRefusal(target, config.egressAllow)
  return { database, bus, catalogue, secrets, vault, objects: openObjects(config), findRefusal: refusalOf }
}

async function openBus(config: ServerConfig, logger: Logger, database: Database): Promise<Bus> {
  if (config.redisUrl) return new RedisBus(config.redisUrl.reveal(), reportTo(logger, 'the live bus'))
  if (database.kind === 'embedded') return new LocalBus()
  const bus = new PostgresBus(database)
  await bus.open()
  return bus
}

/** Clears away what has expired, measures what tenants store, and looks whether their hosts are still theirs. */
function startHousekeeping({ database }: Platform, config: ServerConfig, logger: Logger): () => Promise<void> {
  const resolveTxt = createTxtResolver(config.dnsServers)
  const onFailure = (error: unknown) => logger.warn({ err: error }, 'a host was not checked; trying later')
  const stops = [
    repeat(housekeepingMs, () => forgetRequests(database), logger),
    repeat(measuringMs, () => measureDueStorage(database), logger),
    repeat(hostCheckingMs, () => checkDueHosts(database, resolveTxt, onFailure), logger),
  ]
  return async () => void (await Promise.all(stops.map((stop) => stop())))
}

function reportTo(logger: Logger, user: string): RedisState {
  return {
    onLost: (error) => logger.warn({ err: error }, `Redis is away; ${user} does without until it is back`),
    onBack: () => logger.info(`Redis is back for ${user}`),
  }
}

function startWorker(
  config: ServerConfig,
  logger: Logger,
  platform: Platform,
  { programs, tools, flags }: Parts & { flags: Flags },
): () => Promise<void> {
  const { concurrency, leaseMs, isolation } = config.worker
  const { database, bus, secrets, vault } = platform
  const operatorAllow = config.egressAllow
  // Not in the catalogue: no agent of a tenant can be made of it.
  const webhookDelivery = createWebhookDelivery({ database, secrets, operatorAllow })
  const engine = {
    database,
    vault,
    flags,
    bus,
    programs: new Map([...programs, [webhookDelivery.name, webhookDelivery]]),
    tools,
    callModel: createModelCaller(config.models, { tenantKeys: createTenantKeys({ database, vault, operatorAllow }) }),
    operatorAllow,
    logger,
    leaseMs,
  }
  const worker = new Worker(engine, { concurrency, pollMs: 1_000, ...(isolation && { isolation }) })
  const scheduler = new Scheduler(engine, { pollMs: 1_000 })
  worker.start()
  scheduler.start()
  return async () => {
    await scheduler.stop()
    await worker.stop(config.shutdownGraceMs)
  }
}

async function buildGateway(
  { config, logger, origins, dashboard }: Pick<SurfaceParts, 'config' | 'logger' | 'origins' | 'dashboard'>,
  localApi: Fetch | undefined,
  redis: Redis | undefined,
  stops: AsyncDisposableStack,
) {
  return createGateway({
    mint: await createMinter(config),
    logger,
    api: localApi
      ? async (request) => localApi(request)
      : remoteApi(config.apiUrl ?? '', await openTls(config, logger, stops)),
    corsOrigins: config.corsOrigins,
    trustedProxies: config.trustedProxies,
    origins,
    dashboard,
    rateLimitPerMinute: config.rateLimitPerMinute,
    signInAttemptsPerMinute: config.signIn.attemptsPerMinute,
    redis,
  })
}

async function openTls(
  config: ServerConfig,
  logger: Logger,
  stops: AsyncDisposableStack,
): Promise<TlsIdentity | undefined> {
  const tls = config.tls && (await openTlsIdentity(config.tls, logger))
  stops.defer(async () => tls?.stop())
  return tls
}

/** A port beside that of an api with TLS: probes come without a certificate, and learn only whether it is ready. */
async function listenForProbes(
  { target, host, probePort }: ServerConfig,
  stops: AsyncDisposableStack,
): Promise<Listener | undefined> {
  if (!needs(target, 'api') || probePort === undefined) return undefined
  const listener = createListener()
  await listener.listen({ host, port: probePort })
  stops.defer(() => listener.close(0))
  return listener
}

/** Probes for a target that has no other HTTP surface. */
function healthOf(platform: Platform | undefined): Hono {
  const app = new Hono()
  app.get('/health', (c) => c.json({ status: 'ok' }))
  app.get('/ready', async (c) => {
    await platform?.database.call('ready', 'select 1', [])
    return c.json({ status: 'ready' })
  })
  app.onError((error) => problemResponse(error, 'none'))
  return app
}
