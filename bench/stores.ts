import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asSuperuser, findFreePort, type PostgresServer, waitFor } from '@freehold/testkit'
import type { Store } from './engines/engine.ts'

export interface Sizes {
  /** Bytes in the engine's tables with their indexes, or in its data folder. */
  stored: number
  /** Position in the write-ahead log; null where there is no PostgreSQL. */
  wal: number | null
}

/** Where one engine keeps its runs, seen from outside. */
export interface OpenStore {
  store: Store
  /** Makes what was written before no burden on what is measured next. */
  settle(): Promise<void>
  sizes(): Promise<Sizes>
  close(): Promise<void>
}

/** A database of its own on the server that all share. */
export async function openPostgresStore(server: PostgresServer): Promise<OpenStore> {
  const url = await server.createDatabase()
  return {
    store: { kind: 'postgres', url },
    async settle() {
      await asSuperuser(url, 'vacuum analyze')
      await asSuperuser(url, 'checkpoint')
    },
    async sizes() {
      const [row] = await asSuperuser<{ stored: string; wal: string }>(
        url,
        `select (select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')) as stored,
                pg_current_wal_insert_lsn() - '0/0'::pg_lsn as wal`,
      )
      return { stored: Number(row?.stored), wal: Number(row?.wal) }
    },
    close: async () => {},
  }
}

/** A Restate server with its default settings, which fsync its log, on 127.0.0.1 with a folder of its own. */
export async function openRestateStore(): Promise<OpenStore> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-restate-'))
  const [ingress, admin, fabric, servicePort] = await Promise.all([
    findFreePort(),
    findFreePort(),
    findFreePort(),
    findFreePort(),
  ])
  const { PATH = '', HOME = folder } = process.env
  const child = spawn(restateBinary(), ['--base-dir', folder], {
    stdio: 'ignore',
    env: {
      PATH,
      HOME,
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_ADVERTISED_HOST: '127.0.0.1',
      RESTATE_BIND_PORT: String(fabric),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: 'true',
    },
  })
  const exited = once(child, 'exit')
  const [ingressUrl, adminUrl] = [`http://127.0.0.1:${ingress}`, `http://127.0.0.1:${admin}`]
  await waitFor(
    async () => (await isHealthy(`${adminUrl}/health`)) && (await isHealthy(`${ingressUrl}/restate/health`)),
  )
  return {
    store: { kind: 'restate', ingressUrl, adminUrl, servicePort },
    settle: async () => {},
    sizes: async () => ({ stored: await sizeOf(folder), wal: null }),
    async close() {
      child.kill()
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The package's own launcher would stand between us and the server's signals. */
function restateBinary(): string {
  const launcher = createRequire(createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json'))
  return launcher.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  // A file that was compacted away meanwhile takes no room.
  const sizes = files.map(({ parentPath, name }) => stat(join(parentPath, name)).catch(() => ({ size: 0 })))
  return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0)
}
