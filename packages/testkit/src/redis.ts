import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePort } from './postgres.ts'
import { waitFor } from './wait-for.ts'

const binary = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0)

/** Whether this machine has a Redis or Valkey server. Tests that need one are skipped without, and say so. */
export function hasRedis(): boolean {
  if (!binary) console.warn('SKIPPED: the tests with a real Redis. Install one: apt-get install redis-server')
  return binary !== undefined
}

export interface RedisServer extends AsyncDisposable {
  url: string
  /** One command, by a client of its own; what the server answered, undecoded. */
  command(...words: string[]): Promise<string>
  /** SIGKILL: it can't say goodbye, and comes back empty. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** A real Redis or Valkey server on 127.0.0.1 that stores nothing. */
export async function startRedis(): Promise<RedisServer> {
  if (!binary) throw new Error('This machine has no redis-server.')
  const port = await findFreePort()
  const folder = await mkdtemp(join(tmpdir(), 'freehold-redis-'))
  let child: ChildProcess | undefined
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  // The server must not outlive the tests, whatever ends them.
  const onExit = () => child?.kill('SIGKILL')
  process.once('exit', onExit)
  const command = (...words: string[]) => askServer(port, words)
  const server: RedisServer = {
    url: `redis://127.0.0.1:${port}`,
    command,
    kill,
    async start() {
      const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
      child = spawn(binary, flags, { stdio: 'ignore' })
      await waitFor(
        () =>
          command('PING')
            .then((answer) => answer === '+PONG\r\n')
            .catch(() => false),
        { what: 'Redis' },
      )
    },
    async [Symbol.asyncDispose]() {
      await kill()
      process.off('exit', onExit)
      await rm(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

async function askServer(port: number, words: readonly string[]): Promise<string> {
  const socket = createConnection(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    socket.write(`${words.join(' ')}\r\n`)
    const [answer] = await once(socket, 'data')
    return String(answer)
  } finally {
    socket.destroy()
  }
}
