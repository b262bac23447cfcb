import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Client, createClient } from '@freehold/contracts'
import { findFreePort } from './postgres.ts'
import { waitFor } from './wait-for.ts'

const compileCache = join(tmpdir(), 'freehold-compile-cache')
const serverMain = resolve(import.meta.dirname, '../../../apps/server/src/main.ts')

export interface ServerProcessOptions {
  /** The script that serves, for a platform with programs of its own; Freehold's when absent. */
  main?: string
  /** What the process runs; `all` when absent. */
  target?: string
  /** Added to an environment that holds no provider key. */
  env?: Record<string, string>
  /** A new folder, gone with the process, when absent. */
  dataDir?: string
  /** A free one when absent. */
  port?: number
}

export interface ServerCredentials {
  url: string
  operatorKey: string
  tenants: Record<string, { id: string; apiKey: string }>
}

export interface ServerProcess extends AsyncDisposable {
  /** Of the node process itself. */
  readonly pid: number
  readonly url: string
  readonly dataDir: string
  /** All that it printed so far. */
  logs(): string
  /** What it logged so far, line by line. */
  logEntries(): Record<string, unknown>[]
  /** Resolves when `/ready` answers 200; rejects, with the logs, when the process ends before. */
  ready(): Promise<void>
  /** Sends a signal. Resolves when it is sent and, for one that ends the process, when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Resolves when the process is gone. */
  exited(): Promise<void>
  /** Null while it runs, and when a signal ended it. */
  exitCode(): number | null
  credentials(): Promise<ServerCredentials>
  /** A client with the key that credentials.json has for a tenant. */
  client(tenant: string): Promise<Client>
}

/** Starts the server as a process of its own on 127.0.0.1. */
export async function spawnServer(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const port = options.port ?? (await findFreePort())
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'freehold-server-')))
  const { PATH = '', HOME = '/tmp' } = process.env
  const child = spawn(process.execPath, [options.main ?? serverMain, 'serve', `--target=${options.target ?? 'all'}`], {
    env: {
      PATH,
      HOME,
      HOST: '127.0.0.1',
      PORT: String(port),
      FREEHOLD_DATA_DIR: dataDir,
      FREEHOLD_DASHBOARD: 'off',
      NODE_COMPILE_CACHE: compileCache, // halves what a start costs
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = capture(child)
  const url = `http://127.0.0.1:${port}`
  // The process must not outlive the tests, whatever ends them.
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  const gone = once(child, 'close').then(() => void process.off('exit', onExit))
  const credentials = async () => JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'))

  const server: ServerProcess = {
    pid: child.pid ?? 0,
    url,
    dataDir,
    logs: () => output.text,
    logEntries: () =>
      output.text.split('\n').flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line)] : [])),
    ready: () => untilReady(child, url, () => output.text),
    exited: () => gone,
    exitCode: () => child.exitCode,
    async kill(signal) {
      child.kill(signal)
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await gone
    },
    credentials,
    async client(tenant) {
      const { apiKey } = (await credentials()).tenants[tenant] ?? {}
      if (!apiKey) throw new Error(`credentials.json has no tenant "${tenant}"`)
      return createClient({ url, apiKey })
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
  return server
}

function capture(child: ChildProcess): { text: string } {
  const output = { text: '' }
  const add = (chunk: Buffer) => {
    output.text += chunk.toString()
  }
  child.stdout?.on('data', add)
  child.stderr?.on('data', add)
  return output
}

async function untilReady(child: ChildProcess, url: string, logs: () => string): Promise<void> {
  await waitFor(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The server ended.\n${logs()}`)
      return fetch(`${url}/ready`).then(
        (response) => response.ok,
        () => false,
      )
    },
    { timeoutMs: 60_000, what: 'the server to be ready' },
  )
}
