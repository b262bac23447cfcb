import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from '@freehold/contracts'
import { type ServerProcess, spawnServer, startPostgres } from '@freehold/testkit'
import { generateServiceKeys } from '../src/service-token.ts'

export interface Cluster extends AsyncDisposable {
  client: Client
  api: ServerProcess
  gateway: ServerProcess
  workers: ServerProcess[]
  /** The process that a journal calls by this name. */
  workerNamed(name: string): ServerProcess
  /** Replaces the api process by a new one on the same port. */
  restartApi(signal: NodeJS.Signals): Promise<void>
}

/** A gateway, an api and workers, each a process of its own, on one PostgreSQL server. */
export async function startCluster(workerCount: number, env: Record<string, string>): Promise<Cluster> {
  const dataDir = await mkdtemp(join(tmpdir(), 'freehold-cluster-'))
  const postgres = await startPostgres()
  const keys = await generateServiceKeys()
  const shared = {
    DATABASE_URL: await postgres.createDatabase(),
    FREEHOLD_SERVICE_KEY: JSON.stringify(keys.privateKey),
    FREEHOLD_SERVICE_PUBLIC_KEY: JSON.stringify(keys.publicKey),
    ...env,
  }
  const processes: ServerProcess[] = []
  const start = async (target: string, more: { env?: Record<string, string>; port?: number } = {}) => {
    const server = await spawnServer({ target, dataDir, ...more, env: { ...shared, ...more.env } })
    processes.push(server)
    return server
  }
  const migration = await start('migrate')
  await migration.exited()
  const api = await start('api')
  const gateway = await start('gateway', { env: { FREEHOLD_API_URL: api.url } })
  const workers: ServerProcess[] = []
  for (let count = 0; count < workerCount; count += 1) workers.push(await start('worker'))
  await Promise.all([api, gateway, ...workers].map((server) => server.ready()))
  const cluster: Cluster = {
    client: await gateway.client('acme'),
    api,
    gateway,
    workers,
    workerNamed(name) {
      const pid = Number(name.split(':').at(-2))
      const worker = workers.find((candidate) => candidate.pid === pid)
      if (!worker) throw new Error(`no worker of this cluster is called ${name}`)
      return worker
    },
    async restartApi(signal) {
      await cluster.api.kill(signal)
      cluster.api = await start('api', { port: Number(new URL(api.url).port) })
      await cluster.api.ready()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((server) => server[Symbol.asyncDispose]()))
      await postgres.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
  return cluster
}
