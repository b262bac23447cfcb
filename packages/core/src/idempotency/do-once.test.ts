import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAgentSchema } from '@freehold/contracts'
import { createTestPlatform, type PostgresServer, startPostgres, type TestPlatform, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAgent } from '../agents/agents.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { createKey } from '../identity/api-keys.ts'
import type { Caller } from '../identity/caller.ts'
import { getRun } from '../runs/get-run.ts'
import { startRun } from '../runs/start-run.ts'
import { doOnce, type IdempotentRequest } from './do-once.ts'
import { forgetRequests } from './forget-requests.ts'

const request = (key: string, asked: string): IdempotentRequest => ({
  operation: 'startRun',
  permission: 'runs:start',
  key,
  requestHash: createHash('sha256').update(asked).digest(),
})
const groundOf = (caller: Caller) => caller.tenantId ?? ''
const start = (caller: Caller, message: string, agent = 'assistant') =>
  startRun(caller, { agent, message, environment: 'production', metadata: {} })
const startOnce = (caller: Caller, key: string, message: string, agent?: string) =>
  doOnce(caller, request(key, message), groundOf(caller), () => start(caller, message, agent))

describe.each(['embedded', 'postgres'] as const)('a request with an idempotency key on %s', (kind) => {
  let postgres: PostgresServer | undefined
  let on: TestPlatform
  beforeAll(async () => {
    postgres = kind === 'postgres' ? await startPostgres() : undefined
    on = await createTestPlatform(postgres && { databaseUrl: await postgres.createDatabase({ migrate: true }) })
  })
  afterAll(async () => {
    await on.close()
    await postgres?.stop()
  })

  const acme = () => on.caller(on.acme)
  const runsWith = async (message: string) =>
    (await on.asSuperuser<{ id: string }>('select id from agent_runs where message = $1', [message])).map(
      ({ id }) => id,
    )
  const expireAll = () => on.asSuperuser('update idempotency_keys set expires_at = now()')

  test('sent again, also while the first is in flight, starts one run', async () => {
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => startOnce(acme(), 'again', 'again')))
    const later = await startOnce(acme(), 'again', 'again')
    for (const answer of [...others, later]) expect(answer).toEqual(first)
    expect(await runsWith('again')).toEqual([first?.runId])
  })

  test('that asks for something else is refused, and starts nothing', async () => {
    await startOnce(acme(), 'reused', 'first')
    const second = startOnce(acme(), 'reused', 'something else')
    await expect(second).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 })
    expect(await runsWith('something else')).toEqual([])
  })

  test('of another tenant is a request of its own', async () => {
    const ours = await startOnce(acme(), 'shared', 'shared')
    const theirs = await startOnce(on.caller(on.globex), 'shared', 'shared')
    expect(theirs.runId).not.toBe(ours.runId)
  })

  test('that was refused can be sent again, and is done then', async () => {
    const agent = `late-${kind}`
    await expect(startOnce(acme(), 'early', 'early', agent)).rejects.toMatchObject({ code: 'not_found' })
    await createAgent(acme(), createAgentSchema.parse({ name: agent }))
    const { runId } = await startOnce(acme(), 'early', 'early', agent)
    expect(await runsWith('early')).toEqual([runId])
  })

  test('whose process ends between the work and its memory leaves neither', async () => {
    const cut = doOnce(acme(), request('cut', 'cut'), on.acme.id, async () => {
      await start(acme(), 'cut')
      throw new Error('killed')
    })
    await expect(cut).rejects.toThrow('killed')
    expect(await runsWith('cut')).toEqual([])
    const { runId } = await startOnce(acme(), 'cut', 'cut')
    expect(await runsWith('cut')).toEqual([runId])
  })

  test('whose work leaves its tenant is undone', async () => {
    const work = on.database.asOne(on.acme.id, async () => {
      await start(acme(), 'strays')
      await on.database.withTenant(on.globex.id, async () => {})
    })
    await expect(work).rejects.toThrow('pass the tx on')
    expect(await runsWith('strays')).toEqual([])
  })

  test('is remembered for 24 hours, and forgotten after', async () => {
    const { runId } = await startOnce(acme(), 'old', 'old')
    const [kept] = await on.asSuperuser<{ hours: number }>(
      `select round(extract(epoch from max(expires_at) - now()) / 3600)::int as hours from idempotency_keys`,
    )
    expect(kept?.hours).toBe(24)
    await expireAll()
    const anew = await startOnce(acme(), 'old', 'another body is fine by now')
    expect(anew.runId).not.toBe(runId)
    await forgetRequests(on.database)
    expect(await on.asSuperuser('select operation from idempotency_keys')).toHaveLength(1)
    expect(await startOnce(acme(), 'old', 'another body is fine by now')).toEqual(anew)
  })

  test('tells nobody of a run before it is there, and of none that was undone', async () => {
    const hints: Promise<string>[] = []
    const stop = on.platform.bus.onWork(() => {
      hints.push(runsWith('hinted').then(([id]) => id ?? 'nothing there'))
    })
    const { runId } = await doOnce(acme(), request('hinted', 'hinted'), on.acme.id, async () => {
      const run = await start(acme(), 'hinted')
      expect(hints).toEqual([])
      return run
    })
    expect(await Promise.all(hints)).toEqual([runId])
    const undone = doOnce(acme(), request('undone', 'undone'), on.acme.id, async () => {
      await start(acme(), 'undone')
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    stop()
    expect(hints).toHaveLength(1)
  })

  test('answers with the same API key again, of which the database has no copy', async () => {
    const create = () =>
      doOnce(acme(), request('secret key', 'key'), on.acme.id, () => createKey(acme(), { name: 'a' }))
    const first = await create()
    expect(await create()).toEqual(first)
    const [stored] = await on.asSuperuser<{ row: string }>(
      `select string_agg(k::text, '') as row from idempotency_keys k`,
    )
    expect(stored?.row).toMatch(/\\x[0-9a-f]{200}/)
    for (const secret of [first.apiKey, 'secret key']) {
      expect(stored?.row).not.toContain(Buffer.from(secret).toString('hex'))
    }
  })

  test('gets no remembered result for a caller who may not do it', async () => {
    await startOnce(acme(), 'allowed', 'allowed')
    const reader: Caller = { ...acme(), permissions: new Set(['runs:read']) }
    await expect(startOnce(reader, 'allowed', 'allowed')).rejects.toMatchObject({ code: 'permission_denied' })
  })

  test('keeps its tenant after a function that set another', async () => {
    const stray = () => on.database.call('stray', `select set_config('app.tenant_id', $1, true)`, [on.globex.id])
    const names = await on.database.asOne(on.acme.id, async () => {
      await stray()
      return on.database.withTenant(on.acme.id, (tx) => tx.selectFrom('tenants').select('name').execute())
    })
    expect(names).toEqual([{ name: 'acme' }])
    const strayed = doOnce(acme(), request('stray', 'stray'), on.acme.id, async () => {
      await start(acme(), 'stray')
      await stray()
      return 'done'
    })
    await expect(strayed).rejects.toThrow('left its tenant')
    expect(await runsWith('stray')).toEqual([])
  })
})

describe('two processes on one database', () => {
  let postgres: PostgresServer
  let on: TestPlatform
  let other: Database
  let otherFolder: string
  beforeAll(async () => {
    postgres = await startPostgres()
    const url = await postgres.createDatabase({ migrate: true })
    on = await createTestPlatform({ databaseUrl: url })
    otherFolder = await mkdtemp(join(tmpdir(), 'freehold-data-'))
    other = await openDatabase({ url, dataDir: otherFolder, poolSize: 10, migrate: false })
  })
  afterAll(async () => {
    await other.close()
    await rm(otherFolder, { recursive: true, force: true })
    await on.close()
    await postgres.stop()
  })

  const here = () => on.caller(on.acme)
  const there = (): Caller => ({ ...here(), platform: { ...on.platform, database: other } })
  /** Resolves when a transaction waits for the key that another one has. */
  const untilOneWaits = () =>
    waitFor(
      async () =>
        (
          await on.asSuperuser<{ waiting: boolean }>(
            `select exists (select from pg_stat_activity
                             where wait_event_type = 'Lock' and query like '%idempotency_keys%') as waiting`,
          )
        )[0]?.waiting,
      { timeoutMs: 10_000, pollMs: 10, what: 'the duplicate to wait' },
    )
  /** A request here that has done its work, and whose duplicate there waits for its transaction, which ends with `end`. */
  const race = async (key: string, end: () => void) => {
    const working = Promise.withResolvers<void>()
    const overtaken = Promise.withResolvers<void>()
    const first = doOnce(here(), request(key, key), on.acme.id, async () => {
      const run = await start(here(), key)
      working.resolve()
      await overtaken.promise
      end()
      return run
    })
    await working.promise
    const duplicate = startOnce(there(), key, key)
    await untilOneWaits()
    overtaken.resolve()
    return Promise.allSettled([first, duplicate])
  }

  test('give the duplicate of a request in flight the result of the first', async () => {
    const [first, duplicate] = await race('waits', () => {})
    expect(first.status).toBe('fulfilled')
    expect(duplicate).toEqual(first)
  })

  test('let the duplicate do it when the first fails', async () => {
    const [first, duplicate] = await race('fails', () => {
      throw new Error('failed')
    })
    expect(first).toMatchObject({ status: 'rejected', reason: { message: 'failed' } })
    const { runId } = duplicate.status === 'fulfilled' ? duplicate.value : { runId: '' }
    expect(await getRun(there(), runId)).toMatchObject({ message: 'fails' })
  })

  test('start 50 runs for 50 keys with 20 duplicates each at once', async () => {
    const sent = Array.from({ length: 1_000 }, (_, index) => {
      const key = `many-${index % 50}`
      return startOnce(index % 3 === 0 ? there() : here(), key, key).then(({ runId }) => `${key} ${runId}`)
    })
    const answers = new Set(await Promise.all(sent))
    const rows = await on.asSuperuser<{ run: string }>(
      `select message || ' ' || id as run from agent_runs where message like 'many-%'`,
    )
    expect(rows).toHaveLength(50)
    expect(rows.map(({ run }) => run).toSorted()).toEqual([...answers].toSorted())
  })
})
