import type { Logger } from 'pino'
import type { ServerConfig } from '../config.ts'
import { createDashboard, type Dashboard } from '../gateway/dashboard.ts'
import { needs } from '../targets.ts'
import { startWebProcess } from './web-process.ts'

/** The dashboard alone, on the address of this process. Waits for nothing: who stops it may come before it is built. */
export function serveWeb(
  config: ServerConfig,
  logger: Logger,
  progress: (line: string) => void,
  stops: AsyncDisposableStack,
): void {
  const { host, port, gatewayUrl = '', dashboardEnv: env } = config
  const onReady = (url: string) => progress(`the dashboard is ready: ${url}`)
  const web = startWebProcess({ gatewayUrl, host, port, env, logger, progress, onReady })
  stops.defer(() => web.stop())
}

/**
 * Whether the installation has pages, here or on another host. Where it has none, every api is to be told so with
 * FREEHOLD_DASHBOARD=off.
 */
export function hasDashboard({ dashboard, webUrl }: Pick<ServerConfig, 'dashboard' | 'webUrl'>): boolean {
  return dashboard || webUrl !== undefined
}

interface Gateway {
  /** Where this process listens. */
  url: string | null
  /** Where browsers find it. */
  publicUrl: string
}

/** Before a gateway: the dashboard that this process runs beside it, or that of another host. */
export function startDashboard(
  config: ServerConfig,
  gateway: Gateway,
  logger: Logger,
  progress: (line: string) => void,
  stops: AsyncDisposableStack,
): Dashboard | undefined {
  const { webUrl } = config
  const runsHere = config.dashboard && needs(config.target, 'web')
  if (!needs(config.target, 'gateway') || (webUrl === undefined && !runsHere)) return undefined
  const dashboard = createDashboard(
    webUrl === undefined ? runDashboard(config, gateway, logger, progress, stops) : () => webUrl,
  )
  stops.defer(() => dashboard.close())
  return dashboard
}

/** On a port of its own that only the gateway knows. */
function runDashboard(
  { dashboardEnv: env }: ServerConfig,
  { url, publicUrl }: Gateway,
  logger: Logger,
  progress: (line: string) => void,
  stops: AsyncDisposableStack,
): () => string | undefined {
  const onReady = () => progress(`the dashboard is ready: ${publicUrl}`)
  const web = startWebProcess({ gatewayUrl: url ?? '', host: '127.0.0.1', port: 0, env, logger, progress, onReady })
  stops.defer(() => web.stop())
  return web.url
}
