import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, createClient } from '@freehold/contracts'
import { type PostgresServer, startPostgres } from './postgres.ts'
import { type ServerProcess, spawnServer } from './processes.ts'

export interface ClusterOptions {
  workers: number
  /** For every process. */
  env?: Record<string, string>
  /** For the workers alone. */
  workerEnv?: Record<string, string>
  /** What serves, for a platform with programs of its own; Freehold itself when absent. */
  main?: string
}

export interface ClusterTenant {
  id: string
  apiKey: string
  client: Client
}

export interface Cluster extends AsyncDisposable {
  client: Client
  /** The key that `client` has. */
  apiKey: string
  /** URL of the superuser. */
  databaseUrl: string
  postgres: PostgresServer
  api: ServerProcess
  gateway: ServerProcess
  /** Those that are ready and were not replaced. */
  workers: ServerProcess[]
  /** The process that a journal calls by this name. */
  workerNamed(name: string): ServerProcess
  startWorker(env?: Record<string, string>): Promise<ServerProcess>
  /** Ends a worker by a signal and starts another in its place, which is among `workers` when it is ready. */
  replaceWorker(worker: ServerProcess, signal: NodeJS.Signals, env?: Record<string, string>): Promise<void>
  /** Replaces the api process by a new one on the same port. */
  restartApi(signal: NodeJS.Signals): Promise<void>
  /** The key of the operator, who manages tenants. */
  operatorKey: string
  /** A tenant beside `acme`. */
  createTenant(name: string): Promise<ClusterTenant>
}

/** A gateway, an api and workers, each a process of its own, on one PostgreSQL server. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  await using stack = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'freehold-cluster-'))
  stack.defer(() => rm(dataDir, { recursive: true, force: true }))
  const postgres = await startPostgres()
  stack.defer(() => postgres.stop())
  // Not at the top, because core's own tests use the testkit without a server.
  const { generateServiceKeys } = await import('@freehold/server')
  const keys = await generateServiceKeys()
  const databaseUrl = await postgres.createDatabase()
  const shared = {
    DATABASE_URL: databaseUrl,
    FREEHOLD_SERVICE_KEY: JSON.stringify(keys.privateKey),
    FREEHOLD_SERVICE_PUBLIC_KEY: JSON.stringify(keys.publicKey),
    ...options.env,
  }
  const processes: ServerProcess[] = []
  stack.defer(async () => void (await Promise.all(processes.map((server) => server[Symbol.asyncDispose]()))))
  const start = async (target: string, more: { env?: Record<string, string>; port?: number } = {}) => {
    const main = options.main === undefined ? {} : { main: options.main }
    const server = await spawnServer({ target, dataDir, ...main, ...more, env: { ...shared, ...more.env } })
    processes.push(server)
    return server
  }
  const startWorker = async (env: Record<string, string> = {}) => {
    const worker = await start('worker', { env: { ...options.workerEnv, ...env } })
    await worker.ready()
    cluster.workers.push(worker)
    return worker
  }
  const migration = await start('migrate')
  await migration.exited()
  const api = await start('api')
  const gateway = await start('gateway', { env: { FREEHOLD_API_URL: api.url } })
  const { operatorKey, tenants } = await gateway.credentials()
  const apiKey = tenants.acme?.apiKey ?? ''
  const clientOf = (key: string) => createClient({ url: gateway.url, apiKey: key })
  const resources = stack.move()
  let disposed = false
  const cluster: Cluster = {
    client: clientOf(apiKey),
    apiKey,
    operatorKey,
    databaseUrl,
    postgres,
    api,
    gateway,
    workers: [],
    workerNamed(name) {
      const pid = Number(name.split(':').at(-2))
      const worker = cluster.workers.find((candidate) => candidate.pid === pid)
      if (!worker) throw new Error(`no worker of this cluster is called ${name}`)
      return worker
    },
    startWorker,
    async replaceWorker(worker, signal, env) {
      cluster.workers = cluster.workers.filter((other) => other !== worker)
      await worker.kill(signal)
      // One that is cut off while it starts, at the end of a test, has nothing to tell.
      startWorker(env).catch((error) => disposed || process.emitWarning(error))
    },
    async restartApi(signal) {
      await cluster.api.kill(signal)
      cluster.api = await start('api', { port: Number(new URL(api.url).port) })
      await cluster.api.ready()
    },
    async createTenant(name) {
      const { id, apiKey: key } = await clientOf(operatorKey).createTenant({ body: { name } })
      return { id, apiKey: key, client: clientOf(key) }
    },
    [Symbol.asyncDispose]() {
      disposed = true
      return resources.disposeAsync()
    },
  }
  try {
    const workers = Array.from({ length: options.workers }, () => startWorker())
    await Promise.all([api.ready(), gateway.ready(), ...workers])
    return cluster
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
}
