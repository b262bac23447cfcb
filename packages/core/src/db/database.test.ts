import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import { createDataFolder } from '@freehold/testkit'
import { sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { lockDataFolder } from './data-folder-lock.ts'
import { type Database, openDatabase } from './database.ts'

const acme = '00000000-0000-7000-8000-00000000000a'
const undo: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

async function makeFolder(): Promise<string> {
  const folder = await createDataFolder()
  undo.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function makeEmptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-lock-'))
  undo.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function open(dataDir: string): Promise<Database> {
  const database = await openDatabase({ dataDir, poolSize: 1, migrate: true })
  undo.push(() => database.close())
  return database
}

describe('withTenant', () => {
  test('inside withTenant is refused, because it would wait for itself', async () => {
    const database = await open(await makeFolder())
    const nested = database.withTenant(acme, () => database.withTenant(acme, async () => 1))
    await expect(nested).rejects.toThrow(/pass the tx on/)
    expect(await database.withTenant(acme, async () => 'works after that')).toBe('works after that')
  })

  test('works as freehold_app for its tenant, and leaves nothing of it behind', async () => {
    const database = await open(await makeFolder())
    const read = sql<{ role: string; tenant: string }>`
      select current_user::text as role, current_setting('app.tenant_id', true) as tenant`
    const inside = await database.withTenant(acme, async (tx) => (await read.execute(tx)).rows[0])
    expect(inside).toEqual({ role: 'freehold_app', tenant: acme })
    const [after] = await database.call<{ tenant: string | null }>(
      'test-tenant',
      `select nullif(current_setting('app.tenant_id', true), '') as tenant`,
      [],
    )
    expect(after).toEqual({ tenant: null })
  })

  test('undoes everything when the work throws', async () => {
    const database = await open(await makeFolder())
    const work = database.withTenant(acme, async (tx) => {
      await tx.insertInto('tenants').values({ id: acme, name: 'acme' }).execute()
      throw new Error('changed my mind')
    })
    await expect(work).rejects.toThrow('changed my mind')
    const rows = await database.withTenant(acme, (tx) => tx.selectFrom('tenants').selectAll().execute())
    expect(rows).toEqual([])
  })
})

describe('the data folder', () => {
  test('is refused to a second process, which is told what to do', async () => {
    const folder = await makeFolder()
    await open(folder)
    const script = `
      import { openDatabase } from ${JSON.stringify(import.meta.resolve('../index.ts'))}
      await openDatabase({ dataDir: process.argv[1], poolSize: 1, migrate: true })`
    const second = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, folder])
    await expect(second).rejects.toThrow(`Another Freehold process (pid ${process.pid}) is using the data folder`)
  })

  test('is free again once the database is closed', async () => {
    const folder = await makeFolder()
    const database = await openDatabase({ dataDir: folder, poolSize: 1, migrate: true })
    await database.close()
    await open(folder)
  })

  const stale: [what: string, content: () => Promise<string> | string][] = [
    ['whose process is dead', async () => JSON.stringify({ pid: await pidOfTheDead(), startTicks: null })],
    ['whose pid another process has now', () => JSON.stringify({ pid: process.pid, startTicks: '1' })],
    ['that was not written to its end', () => '{"pid": 1'],
    ['that is empty', () => ''],
  ]
  test.each(stale)('with a lock %s is taken over', async (_, content) => {
    const folder = await makeEmptyFolder()
    await writeFile(join(folder, 'postgres.lock'), await content())
    const unlock = await lockDataFolder(folder)
    expect(JSON.parse(await readFile(join(folder, 'postgres.lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    await unlock()
    expect((await readdir(folder)).filter((file) => file.includes('lock'))).toEqual([])
  })

  test.runIf(existsSync('/proc/self/stat'))(
    'of a process that has ended goes on, noted by its parent or not',
    async () => {
      const folder = await makeEmptyFolder()
      // What takes the shell's place knows nothing of the child, and never waits for it.
      const parent = spawn('sh', ['-c', 'read _ <&3 & echo $!; exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      })
      undo.push(async () => parent.kill())
      const [, output, , end] = parent.stdio
      const [line] = await once(output as Readable, 'data')
      const pid = Number(String(line))
      await expect.poll(() => readFile(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n')
      ;(end as Writable).end()
      const stat = () => readFile(`/proc/${pid}/stat`, 'utf8')
      await expect.poll(stat).toContain(') Z ')
      const startTicks = (await stat()).split(') Z ')[1]?.split(' ')[18]
      await writeFile(join(folder, 'postgres.lock'), JSON.stringify({ pid, startTicks }))
      const unlock = await lockDataFolder(folder)
      await unlock()
    },
  )

  test.each(['no lock', 'a stale lock'])('with %s goes to one of many that ask at once', async (before) => {
    const folder = await makeEmptyFolder()
    for (let round = 0; round < 20; round += 1) {
      if (before === 'a stale lock')
        await writeFile(join(folder, 'postgres.lock'), '{"pid":999999999,"startTicks":null}')
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(folder)))
      const winners = outcomes.filter((outcome) => outcome.status === 'fulfilled')
      expect(winners).toHaveLength(1)
      for (const { value: unlock } of winners) await unlock()
    }
  })
})

async function pidOfTheDead(): Promise<number> {
  const child = execFile('true')
  await once(child, 'exit')
  return child.pid ?? 0
}
