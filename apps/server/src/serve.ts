import { type Database, LocalBus, openDatabase, type Platform, PostgresBus } from '@freehold/core'
import {
  assistant,
  createModelCaller,
  createToolRegistry,
  describeModels,
  planRouteAnswer,
  Worker,
} from '@freehold/runtime'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { createApi } from './api/app.ts'
import type { ServerConfig } from './config.ts'
import { renderBanner } from './first-run/banner.ts'
import { setUp } from './first-run/set-up.ts'
import { createGateway } from './gateway/app.ts'
import { remoteApi } from './gateway/forward.ts'
import { createListener, type Fetch } from './http/listener.ts'
import { problemResponse } from './http/respond.ts'
import { createMinter, createVerifier } from './service-token.ts'
import { needs } from './targets.ts'

export interface RunningServer {
  /** Where it listens; null for a target that serves nothing. */
  url: string | null
  /** Stops taking work, lets go on what is under way for the grace period, and closes everything. */
  stop(): Promise<void>
}

const programs = [assistant, planRouteAnswer]

/** Starts the modules of a target, in the order in which they need each other. */
export async function serve(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
): Promise<RunningServer> {
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step()
  }
  try {
    const url = await start(config, logger, progress, stops)
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
  stops: (() => Promise<void>)[],
): Promise<string | null> {
  const { target } = config
  const tools = createToolRegistry()
  const shutdown = new AbortController()
  const platform = needs(target, 'database') ? await openPlatform(config, logger, progress, tools, stops) : undefined

  const listener = createListener()
  const url = target === 'migrate' ? null : await listener.listen(config)
  stops.push(() => listener.close(Math.min(config.shutdownGraceMs, 5_000)))

  const credentials =
    platform && needs(target, 'set-up') ? await setUp(platform, config, url ?? 'http://127.0.0.1:3000') : undefined
  if (platform && needs(target, 'worker')) stops.push(startWorker(config, logger, platform, tools))
  stops.push(async () => {
    listener.drain()
    shutdown.abort()
  })
  listener.serve(await buildSurface(config, logger, platform, shutdown.signal))
  logger.info({ url }, 'ready')
  if (target === 'all' && credentials) progress(renderBanner(config, credentials, describeModels(config.models)))
  return url
}

/** What a target answers over HTTP: the gateway before an api here or elsewhere, the api alone, or only probes. */
async function buildSurface(
  config: ServerConfig,
  logger: Logger,
  platform: Platform | undefined,
  shutdown: AbortSignal,
): Promise<Fetch> {
  const api =
    platform && needs(config.target, 'api')
      ? createApi({ platform, logger, verify: await createVerifier(config), shutdown })
      : undefined
  if (needs(config.target, 'gateway')) return (await buildGateway(config, logger, api?.fetch)).fetch
  return (api ?? healthOf(platform)).fetch
}

async function openPlatform(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
  tools: ReturnType<typeof createToolRegistry>,
  stops: (() => Promise<void>)[],
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
  stops.push(() => database.close())
  const bus = await openBus(database)
  stops.push(() => bus.close())
  const catalogue = {
    programs: programs.map(({ name }) => name),
    tools: tools.list().map((tool) => tools.describe(tool)),
  }
  return { database, bus, catalogue }
}

async function openBus(database: Database): Promise<LocalBus> {
  if (database.kind === 'embedded') return new LocalBus()
  const bus = new PostgresBus(database)
  await bus.open()
  return bus
}

function startWorker(
  config: ServerConfig,
  logger: Logger,
  platform: Platform,
  tools: ReturnType<typeof createToolRegistry>,
): () => Promise<void> {
  const { concurrency, leaseMs } = config.worker
  const worker = new Worker(
    {
      database: platform.database,
      bus: platform.bus,
      programs: new Map(programs.map((program) => [program.name, program])),
      tools,
      callModel: createModelCaller(config.models),
      operatorAllow: config.egressAllow,
      logger,
      leaseMs,
    },
    { concurrency, pollMs: 1_000 },
  )
  worker.start()
  return () => worker.stop(config.shutdownGraceMs)
}

async function buildGateway(config: ServerConfig, logger: Logger, localApi: Fetch | undefined) {
  return createGateway({
    mint: await createMinter(config),
    logger,
    api: localApi ? async (request) => localApi(request) : remoteApi(config.apiUrl ?? ''),
    corsOrigins: config.corsOrigins,
    rateLimitPerMinute: config.rateLimitPerMinute,
  })
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
