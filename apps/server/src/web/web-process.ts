import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'

const dashboardMain = join(import.meta.dirname, '../../../web/src/main.ts')
const restartMs = 1_000
const longestRestartMs = 60_000
const stopWithinMs = 5_000
const lastWordsMs = 500

const messageSchema = z.union([z.object({ progress: z.string() }), z.object({ url: z.url() })])

export interface WebProcess {
  /** Where it listens; undefined while it is being built, or started again. */
  url(): string | undefined
  stop(): Promise<void>
}

interface WebOptions {
  /** Where it finds the gateway. */
  gatewayUrl: string
  host: string
  port: number
  /** All that it gets of the environment. */
  env: Record<string, string>
  /** What to run; the dashboard when absent. */
  main?: string
  logger: Logger
  progress: (line: string) => void
  /** Called each time it is ready. */
  onReady: (url: string) => void
}

/**
 * Runs the dashboard as a process of its own, which knows the gateway's address and no secret. It is built when it has to
 * be, and started again when it ends.
 */
export function startWebProcess(options: WebOptions): WebProcess {
  const stopping = new AbortController()
  let url: string | undefined
  let child: ChildProcess | undefined

  async function runOnce(): Promise<void> {
    child = spawnWeb(options)
    child.on('message', (raw) => {
      const message = messageSchema.parse(raw)
      if ('progress' in message) options.progress(message.progress)
      else {
        url = message.url
        options.onReady(url)
      }
    })
    let output = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000)
      options.logger.debug({ part: 'dashboard' }, chunk.toString().trimEnd())
    })
    const [code] = await once(child, 'exit')
    url = undefined
    // Its last words may be under way still, and what it started may hold its output open.
    if (child.stderr) await finished(child.stderr, { signal: AbortSignal.timeout(lastWordsMs) }).catch(() => {})
    if (!stopping.signal.aborted) options.logger.error({ code, output }, 'the dashboard ended; starting it again')
  }

  const running = (async () => {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      const startedAt = Date.now()
      await runOnce().catch((error: unknown) =>
        options.logger.error({ err: error }, 'the dashboard could not be started; trying again'),
      )
      if (Date.now() - startedAt > longestRestartMs) attempt = 0
      const delayMs = Math.min(restartMs * 2 ** attempt, longestRestartMs)
      await wait(delayMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  })()

  return {
    url: () => url,
    async stop() {
      stopping.abort()
      child?.kill('SIGTERM')
      const late = setTimeout(() => child?.kill('SIGKILL'), stopWithinMs)
      await running
      clearTimeout(late)
    },
  }
}

function spawnWeb({ gatewayUrl, host, port, env, main = dashboardMain }: WebOptions): ChildProcess {
  return spawn(process.execPath, [main], {
    env: { ...env, NODE_ENV: 'production', FREEHOLD_GATEWAY_URL: gatewayUrl, HOST: host, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}
