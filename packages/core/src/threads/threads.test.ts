import type { Thread } from '@freehold/contracts'
import { createTestPlatform, makeBusy, pagesRead, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { cancelRun, redriveRun, redriveRuns } from '../runs/control-run.ts'
import { getRun } from '../runs/get-run.ts'
import { startRun } from '../runs/start-run.ts'
import { getThread, type ListThreadsQuery, listThreads } from './threads.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const owner = () => on.caller(on.acme)
const somebody = (id: string): Caller => ({ ...owner(), actor: { kind: 'api_key', id, name: id } })
const say = async (caller: Caller, threadId: string, message: string) =>
  (await startRun(caller, { agent: 'assistant', message, environment: 'production', metadata: {}, threadId })).runId

async function listAll(query: Omit<ListThreadsQuery, 'limit'> = {}, caller = owner()): Promise<Thread[]> {
  const found: Thread[] = []
  let cursor: string | undefined
  do {
    const page = await listThreads(caller, { ...query, limit: 11, cursor })
    found.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return found
}

const endAll = () => on.asSuperuser(`update agent_runs set status = 'succeeded'`)

test('a conversation tells how it began, who began it, and how its last run is', async () => {
  await say(somebody('ann'), 'hello', '  What is\n the weather?  ')
  await endAll()
  const last = await say(somebody('bob'), 'hello', 'And tomorrow?')
  const thread = {
    ...{ id: 'hello', title: 'What is the weather?', startedBy: 'api_key:ann', startedByName: null },
    lastRun: { id: last, agent: 'assistant', environment: 'production', status: 'queued' },
  }
  expect(await getThread(owner(), 'hello')).toMatchObject(thread)
  expect(await listAll()).toMatchObject([thread])
})

test('a long beginning is cut to 80 characters, and no character in two', async () => {
  await say(owner(), 'long', '👋'.repeat(200))
  const { title } = await getThread(owner(), 'long')
  expect([...title]).toHaveLength(80)
  expect(title).toBe(`${'👋'.repeat(79)}…`)
})

test('a conversation of another tenant, and one of nobody, are not found', async () => {
  for (const id of ['hello', 'nothing']) {
    await expect(getThread(on.caller(on.globex), id)).rejects.toMatchObject({ code: 'not_found' })
  }
})

test('what an agent asked another one is no conversation', async () => {
  await endAll()
  const parent = await say(owner(), 'asks', 'ask')
  await on.asSuperuser(`update agent_runs set status = 'running' where id = $1`, [parent])
  const [child] = await on.asSuperuser(
    `select outcome from start_run($1, gen_random_uuid(), 'assistant', 'production', 'asked', 'answer', '{}', 60000,
        'run', 'request', p_parent => $2, p_parent_step => 'agent:1',
        p_parent_token => (select lease_token from run_heads where run_id = $2))`,
    [on.acme.id, parent],
  )
  expect(child).toEqual({ outcome: 'created' })
  expect((await listAll()).map(({ id }) => id)).not.toContain('asked')
  await expect(getThread(owner(), 'asked')).rejects.toMatchObject({ code: 'not_found' })
})

test('conversations come newest first and page by page, those of an agent or of the caller alone', async () => {
  await makeBusy(on, on.acme, { runs: 100, callsPerRun: 1 })
  const all = await listAll()
  expect(all.map(({ createdAt }) => createdAt)).toEqual(
    all
      .map(({ createdAt }) => createdAt)
      .toSorted()
      .toReversed(),
  )
  expect(new Set(all.map(({ id }) => id)).size).toBe(50 + 3)
  const ofClerk = await listAll({ agent: 'clerk' })
  expect(ofClerk.length).toBeGreaterThan(0)
  expect(ofClerk).toEqual(all.filter(({ lastRun }) => lastRun.agent === 'clerk'))
  const mine = await listAll({ mine: true }, somebody('3'))
  expect(mine.length).toBeGreaterThan(0)
  expect(mine).toEqual(all.filter(({ startedBy }) => startedBy === 'api_key:3'))
  expect(await listAll({ mine: true }, somebody('bob'))).toEqual([])
})

test('a team sees its own conversations only', async () => {
  const team = '0198aaaa-0000-7000-8000-000000000001'
  for (const table of ['threads', 'agent_runs']) {
    await on.asSuperuser(`update ${table} set team = $1 where ${table === 'threads' ? 'id' : 'thread_id'} = 'hello'`, [
      team,
    ])
  }
  const ofTeam = { ...owner(), teams: [team] }
  expect((await listAll({}, ofTeam)).map(({ id }) => id)).toEqual(['hello'])
  await expect(getThread(ofTeam, 'long')).rejects.toMatchObject({ code: 'not_found' })
})

test('a conversation has one run at a time: of two messages at once the second is refused, and says what to do', async () => {
  const both = await Promise.allSettled([say(owner(), 'tabs', 'from one'), say(owner(), 'tabs', 'from the other')])
  const [runId] = both.flatMap((said) => (said.status === 'fulfilled' ? [said.value] : []))
  const refused = both.flatMap((said) => (said.status === 'rejected' ? [said.reason] : []))
  expect(refused).toMatchObject([
    { code: 'conflict', retryable: false, message: expect.stringContaining(`run ${runId}`) },
  ])
  for (const status of ['running', 'waiting']) {
    await on.asSuperuser(`update agent_runs set status = '${status}' where id = $1`, [runId])
    await expect(say(owner(), 'tabs', 'again')).rejects.toMatchObject({ code: 'conflict' })
  }
  await on.asSuperuser(`update agent_runs set status = 'failed' where id = $1`, [runId])
  await say(owner(), 'tabs', 'again')
})

const kill = (id: string) =>
  on.asSuperuser(`update agent_runs set status = 'failed', dead = true, finished_at = now() where id = $1`, [id])

test('a conversation has one run at a time also where an earlier one is redriven', async () => {
  const first = await say(owner(), 'redriven', 'one')
  await kill(first)
  const second = await say(owner(), 'redriven', 'two')
  await expect(redriveRun(owner(), first)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`run ${second}`),
  })
  expect(await getRun(owner(), first)).toMatchObject({ status: 'failed', dead: true })
  await on.asSuperuser(`update agent_runs set status = 'succeeded' where id = $1`, [second])
  await redriveRun(owner(), first)
  await expect(say(owner(), 'redriven', 'three')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(`run ${first}`),
  })
})

test('a bulk redrive passes over the conversations that are at a run, and tells how many runs these are', async () => {
  await endAll()
  const [dead, alive] = [await say(owner(), 'bulk', 'one'), await say(owner(), 'free', 'one')]
  await kill(dead)
  await kill(alive)
  const other = await say(owner(), 'bulk', 'two')
  expect(await redriveRuns(owner(), { limit: 1 })).toEqual({ redriven: 1, remaining: 1, busy: 1 })
  expect(await getRun(owner(), alive)).toMatchObject({ status: 'queued' })
  await kill(other)
  expect(await redriveRuns(owner(), { limit: 2 })).toEqual({ redriven: 1, remaining: 1, busy: 1 })
  expect(await getRun(owner(), dead)).toMatchObject({ status: 'queued' })
})

test('a message that is refused leaves no trace in its conversation', async () => {
  await say(owner(), 'quiet', 'one')
  const read = () => on.asSuperuser(`select * from threads where id = 'quiet'`)
  const before = await read()
  await expect(say(owner(), 'quiet', 'two')).rejects.toMatchObject({ code: 'conflict' })
  expect(await read()).toEqual(before)
  await endAll()
  await say(owner(), 'quiet', 'three')
  expect(await read()).not.toEqual(before)
})

test('a run that is to be cancelled holds up no conversation', async () => {
  const stopped = await say(owner(), 'stopped', 'hello')
  await on.asSuperuser(`update agent_runs set status = 'running' where id = $1`, [stopped])
  await cancelRun(owner(), stopped)
  await say(owner(), 'stopped', 'what I meant')
})

test('asking again for a run that was accepted finds it, whatever is said there by now', async () => {
  const input = { agent: 'assistant', message: 'hello', environment: 'production', metadata: {} } as const
  const ask = () => startRun(owner(), { ...input, threadId: 'resent', clientKey: 'mine' })
  const first = await ask()
  expect(await ask()).toEqual({ runId: first.runId, created: false })
  await endAll()
  await say(owner(), 'resent', 'and then')
  expect(await ask()).toEqual({ runId: first.runId, created: false })
})

test('whether a conversation is free is found without a look at its thousands of earlier runs', async () => {
  const first = await say(owner(), 'much said', 'hello')
  await endAll()
  await on.asSuperuser(
    `insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, started_by, request_id,
         message, metadata, deadline_ms, deadline_at, root_run_id, principal, status)
       select m.tenant_id, run_id, m.template_id, m.agent, m.version, m.environment, m.thread_id, m.started_by,
              m.request_id, m.message, m.metadata, m.deadline_ms, m.deadline_at, run_id, m.principal, m.status
         from agent_runs m, (select gen_random_uuid() as run_id from generate_series(1, 5000)) ids where m.id = $1`,
    [first],
  )
  const find = () => on.asSuperuser(`select run_at_work($1, 'much said')`, [on.acme.id])
  for (const analyzed of [false, true]) {
    if (analyzed) await on.asSuperuser('analyze')
    await find() // the first time reads the catalogue, too
    expect(await pagesRead(on, find)).toBeLessThan(50)
  }
})
