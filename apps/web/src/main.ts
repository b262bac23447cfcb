// The dashboard as a process of its own. It knows the gateway's address and nothing else of the platform: no database, no key.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import sirv from 'sirv'
import { distVariable, ensureBuilt } from './build.ts'
import { readConfig, type WebConfig } from './config.ts'

const filesPath = '/_next/static/'
const yearSeconds = 31_536_000

/** What this process tells the one that started it. */
export type WebMessage = { progress: string } | { url: string }

function tell(message: WebMessage): void {
  if (process.send) process.send(message)
  else console.log(`[freehold] ${'url' in message ? `the dashboard is at ${message.url}` : message.progress}`)
}

async function main(): Promise<void> {
  const config = readConfig(process.env)
  const dist = await ensureBuilt(process.env, (progress) => tell({ progress }))
  if (process.argv.includes('--build')) return
  process.env[distVariable] = dist
  // Read by Next's own code, wherever it runs.
  process.env.FREEHOLD_GATEWAY_URL = config.gatewayUrl
  const server = await startNext(config, dist)
  const { port } = server.address() as AddressInfo
  tell({ url: `http://${config.host}:${port}` })
  const stop = () => {
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop)
  // Whoever started it is gone.
  process.once('disconnect', stop)
}

async function startNext({ host, port }: WebConfig, dist: string) {
  const { default: next } = await import('next')
  const dir = join(import.meta.dirname, '..')
  const app = next({ dev: false, dir, hostname: host, port })
  await app.prepare()
  const handle = app.getRequestHandler()
  // Named by their content, and compressed when they were built.
  const files = sirv(join(dir, dist, 'static'), { brotli: true, immutable: true, maxAge: yearSeconds })
  const server = createServer((request, response) => {
    const passOn = () => void handle(request, response)
    if (!request.url?.startsWith(filesPath)) return passOn()
    request.url = request.url.slice(filesPath.length - 1)
    files(request, response, () => void response.writeHead(404).end())
  })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

try {
  await main()
} catch (error) {
  console.error(`[freehold] ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
