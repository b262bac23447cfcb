import { createTestPlatform, makeBusy, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Caller } from '../identity/caller.ts'
import { getRun, listRuns } from './get-run.ts'
import type { ListRunsQuery } from './select-runs.ts'

interface Row {
  id: string
  status: string
  agent: string
  principal: string
  on_behalf_of: string
  cost_nanos: number
  created_at: string
}

let on: TestPlatform
let rows: Row[]
const owner = () => on.caller(on.acme)

beforeAll(async () => {
  on = await createTestPlatform()
  await makeBusy(on, on.acme, { runs: 400, callsPerRun: 1 })
  rows = await on.asSuperuser<Row>('select * from agent_runs where tenant_id = $1 order by id desc', [on.acme.id])
}, 60_000)
afterAll(() => on.close())

/** Every page of a list, in its order. */
async function listAll(query: Omit<ListRunsQuery, 'limit'>, caller: Caller = owner()): Promise<string[]> {
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await listRuns(caller, { ...query, limit: 17, cursor })
    found.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return found
}

const idsOf = (matches: (row: Row) => boolean) => rows.filter(matches).map(({ id }) => id)
const [monthAgo, weekAgo] = [30, 7].map((days) => new Date(Date.now() - (days - 0.1) * 86_400_000).toISOString()) as [
  string,
  string,
]

test.each<[string, Omit<ListRunsQuery, 'limit'>, (row: Row) => boolean]>([
  ['several statuses', { status: ['failed', 'cancelled'] }, ({ status }) => /failed|cancelled/.test(status)],
  ['a start', { from: weekAgo }, ({ created_at }) => Date.parse(created_at) >= Date.parse(weekAgo)],
  ['an end', { to: monthAgo }, ({ created_at }) => Date.parse(created_at) < Date.parse(monthAgo)],
  ['who started them', { startedBy: 'api_key:3' }, ({ principal }) => principal === 'api_key:3'],
  ['the person they are for', { user: 'user 9' }, ({ on_behalf_of }) => on_behalf_of === 'user 9'],
  ['what they cost', { minCostNanos: 300 }, ({ cost_nanos }) => cost_nanos >= 300],
  [
    'all of it at once',
    { agent: 'clerk', status: ['succeeded'], from: monthAgo, minCostNanos: 50 },
    (row) =>
      row.agent === 'clerk' &&
      row.status === 'succeeded' &&
      Date.parse(row.created_at) >= Date.parse(monthAgo) &&
      row.cost_nanos >= 50,
  ],
])('runs are found by %s, newest first and page by page', async (_, query, matches) => {
  const found = await listAll(query)
  expect(found.length).toBeGreaterThan(0)
  expect(found.length).toBeLessThan(rows.length)
  expect(found).toEqual(idsOf(matches))
})

test('the time of a run is when it was accepted, also where the clock that drew its id was an hour off', async () => {
  const [newest] = rows
  const moved = new Date(Date.parse(newest?.created_at ?? '') + 3_600_000).toISOString()
  await on.asSuperuser('update agent_runs set created_at = $1 where id = $2', [moved, newest?.id])
  expect(await listAll({ from: moved })).toEqual([newest?.id])
  expect(await listAll({ to: moved })).toEqual(rows.slice(1).map(({ id }) => id))
  await on.asSuperuser('update agent_runs set created_at = $1 where id = $2', [newest?.created_at, newest?.id])
})

describe('delegations', () => {
  test('of a run are found by their parent, and at every depth by their root', async () => {
    const [grandchild, child, root, other] = rows.map(({ id }) => id)
    const delegate = (id: string | undefined, parent: string | undefined) =>
      on.asSuperuser(
        `update agent_runs set parent_run_id = $1, parent_step = 'child:1', root_run_id = $2 where id = $3`,
        [parent, root, id],
      )
    await delegate(child, root)
    await delegate(grandchild, child)
    expect(await listAll({ parentRunId: root })).toEqual([child])
    expect(await listAll({ rootRunId: root })).toEqual([grandchild, child])
    expect(await listAll({ rootRunId: other })).toEqual([])
    expect(await listAll({ rootRunId: root }, on.caller(on.globex))).toEqual([])
  })
})

describe('who started a run', () => {
  const nameOf = async (principal: string, caller: Caller = owner()) => {
    await on.asSuperuser('update agent_runs set principal = $1 where id = $2', [principal, rows[5]?.id])
    const listed = (await listRuns(caller, { limit: 50 })).items.find(({ id }) => id === rows[5]?.id)
    expect((await getRun(caller, rows[5]?.id ?? '')).startedByName).toBe(listed?.startedByName)
    return listed?.startedByName
  }
  const ada = '0198aaaa-0000-7000-8000-000000000001'
  const bob = '0198aaaa-0000-7000-8000-000000000002'
  const robot = '0198aaaa-0000-7000-8000-000000000003'
  const stranger = '0198aaaa-0000-7000-8000-000000000004'

  beforeAll(async () => {
    await on.asSuperuser(
      `insert into people (id, email, name, kind) values ($1, 'ada@example.com', 'Ada', 'person'),
         ($2, 'bob@example.com', null, 'person'), ($3, null, 'Robot', 'service'), ($4, null, 'Stranger', 'person')`,
      [ada, bob, robot, stranger],
    )
    await on.asSuperuser(
      `insert into memberships (tenant_id, person_id, roles, source) select $1, p.id, '{viewer}', 'invitation'
         from people p where p.id in ($2, $3, $4)`,
      [on.acme.id, ada, bob, robot],
    )
    await on.asSuperuser(
      `insert into memberships (tenant_id, person_id, roles, source) values ($1, $2, '{viewer}', 'invitation')`,
      [on.globex.id, stranger],
    )
  })

  test('has the name of the person, service account or key', async () => {
    const [key] = await on.asSuperuser<{ id: string; name: string }>(
      'select id, name from api_keys where tenant_id = $1',
      [on.acme.id],
    )
    expect(await nameOf(`person:${ada}`)).toBe('Ada')
    expect(await nameOf(`service_account:${robot}`)).toBe('Robot')
    expect(await nameOf(`api_key:${key?.id}`)).toBe(key?.name)
    expect(await nameOf('api_key:gone')).toBeNull()
  })

  test('without a name goes by the address, to whoever may read the members', async () => {
    expect(await nameOf(`person:${bob}`)).toBe('bob@example.com')
    expect(await nameOf(`person:${bob}`, { ...owner(), permissions: new Set(['runs:read']) })).toBeNull()
  })

  test('who is no member is not named', async () => {
    expect(await nameOf(`person:${stranger}`)).toBeNull()
  })
})
