import { execFile, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { asSuperuser, type PostgresServer } from '@freehold/testkit'
import pg from 'pg'

const clients = 32

export interface Ceiling {
  client: 'pgbench' | 'node-postgres'
  /** One-row inserts per second, each its own durable commit, from 32 clients. */
  insertsPerSecond(seconds: number): Promise<number>
}

/** The most commits a second that this server gives: pgbench where it is installed, else the product's own driver. */
export async function openCeiling(server: PostgresServer): Promise<Ceiling> {
  const url = await server.createDatabase()
  await asSuperuser(
    url,
    'create table ceiling (id bigint generated always as identity primary key, type text, data jsonb, at timestamptz default now())',
  )
  if (spawnSync('pgbench', ['--version']).status !== 0) {
    return { client: 'node-postgres', insertsPerSecond: (seconds) => insertWithNode(url, seconds) }
  }
  const script = join(server.folder, 'ceiling.sql')
  await writeFile(
    script,
    `insert into ceiling (type, data) values ('step.finished', '{"step": "step-work-1", "output": 1}');\n`,
  )
  return { client: 'pgbench', insertsPerSecond: (seconds) => insertWithPgbench(url, script, seconds) }
}

async function insertWithPgbench(url: string, script: string, seconds: number): Promise<number> {
  const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-f', script, url]
  const { stdout } = await promisify(execFile)('pgbench', args)
  const tps = /tps = ([\d.]+) \(without/.exec(stdout)?.[1] ?? /tps = ([\d.]+)/.exec(stdout)?.[1]
  return Number(tps)
}

async function insertWithNode(url: string, seconds: number): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: clients })
  const until = performance.now() + seconds * 1000
  let inserts = 0
  const insert = async () => {
    while (performance.now() < until) {
      await pool.query({
        name: 'ceiling',
        text: 'insert into ceiling (type, data) values ($1, $2)',
        values: ['step.finished', '{"step": "step-work-1", "output": 1}'],
      })
      inserts += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, insert))
  await pool.end()
  return inserts / seconds
}
