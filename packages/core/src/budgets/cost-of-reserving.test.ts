import {
  asSuperuser,
  createTestPlatform,
  type PostgresServer,
  startPostgres,
  type TestPlatform,
} from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdRun, newBudget } from './books.fixture.ts'

const tables = ['budgets', 'budget_windows', 'budget_reservations']
const calls = 50

let postgres: PostgresServer
let url: string
let platform: TestPlatform
beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase({ migrate: true })
  platform = await createTestPlatform({ databaseUrl: url })
})
afterAll(async () => {
  await platform.close()
  await postgres.stop()
})

/** Rows read by an index, and scans of a whole table. Each connection reports its own when it is closed. */
async function readWork(): Promise<{ rows: number; scans: number }> {
  const [work] = await asSuperuser<{ rows: number; scans: number }>(
    url,
    `select sum(idx_tup_fetch)::int as rows, sum(seq_scan)::int as scans from pg_stat_user_tables
      where relname = any ($1)`,
    [tables],
  )
  if (!work) throw new Error('an aggregate has a row')
  return work
}

test('a call reads as little beside a hundred thousand windows and thousands of budgets as beside a few', async () => {
  const owner = platform.caller(platform.acme)
  const each = await newBudget(owner, { name: 'each user', scope: { kind: 'user', id: null }, limitNanos: 1_000_000 })
  await newBudget(owner, { name: 'the tenant', period: 'hour', requestLimit: 1_000 })
  const run = await holdRun(platform, owner, { user: 'user 7' })
  const { tenantId, runId, token } = run.lease
  await asSuperuser(
    url,
    `insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end)
       select '${tenantId}', '${each.id}', 'user ' || n % 1000, now() - n * interval '1 hour', now() - (n - 1) * interval '1 hour'
         from generate_series(1, 100000) n;
     insert into budgets (tenant_id, id, name, scope_kind, scope_id, period, request_limit, created_by)
       select '${tenantId}', gen_random_uuid(), 'budget ' || n, 'user', 'user ' || n, 'day', 1000, 'test'
         from generate_series(1, 3000) n;
     analyze`,
  )
  const settled = `jsonb_build_object('id', call, 'step', 'model:1', 'model', 'm', 'outcome', 'unanswered', 'costNanos', 0,
    'usage', '{"inputTokens": 0, "outputTokens": 0, "cacheReadTokens": 0, "cacheWriteTokens": 0, "reasoningTokens": 0}'::jsonb)`
  const before = await readWork()
  await asSuperuser(
    url,
    `set role freehold_app;
     do $$ declare call uuid; granted text; begin
       for n in 1..${calls} loop
         call := gen_random_uuid();
         select outcome into granted
           from reserve_budget('${tenantId}', '${runId}', ${token}, call, 'model:1', 'm', 1, 1, 1);
         if granted <> 'granted' then raise '%', granted; end if;
         perform settle_reservation('${tenantId}', '${runId}', ${settled});
       end loop;
     end $$`,
  )
  const after = await readWork()
  expect(after.scans - before.scans).toBe(0)
  // Three budgets and their windows, each read a few times.
  expect((after.rows - before.rows) / calls).toBeLessThan(60)
})
