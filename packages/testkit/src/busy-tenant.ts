import type { Client } from '@freehold/contracts'
import type { TestPlatform, TestTenant } from './platform.ts'

/** How much has happened in a tenant, spread over the last 60 days. */
export interface Business {
  runs: number
  callsPerRun: number
}

export const busyAgents = ['assistant', 'clerk', 'planner', 'researcher', 'seller'] as const

const muchBusiness: Business = { runs: 10_000, callsPerRun: 5 }

/** Fills a tenant with ended runs of five agents, in threads of two runs each, and their model calls. */
export async function makeBusy(
  test: TestPlatform,
  tenant: TestTenant,
  business: Business = muchBusiness,
): Promise<void> {
  await addBusyAgents(test.client(tenant.key))
  await fillWithRuns(test.asSuperuser, tenant.id, business)
}

/** Those that the tenant lacks. */
export async function addBusyAgents(client: Client): Promise<void> {
  const { items } = await client.listAgents({ query: {} })
  const present = new Set(items.map(({ name }) => name))
  for (const name of busyAgents) if (!present.has(name)) await client.createAgent({ body: { name } })
}

/** What `makeBusy` does past the API. The agents have to be there. */
export async function fillWithRuns(
  asSuperuser: (text: string, values?: readonly unknown[]) => Promise<unknown>,
  tenantId: string,
  { runs, callsPerRun }: Business = muchBusiness,
): Promise<void> {
  await asSuperuser(
    `insert into threads (tenant_id, id, principal, created_at, updated_at)
       select $1, 'busy-' || n, 'api_key:' || (n + 1) % 7, now() - n * interval '60 days' / $2, now() - n * interval '60 days' / $2
         from generate_series(1, $2, 2) n`,
    [tenantId, runs],
  )
  await asSuperuser(
    `insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, started_by, request_id, message,
         metadata, deadline_ms, created_at, available_at, deadline_at, started_at, finished_at, status, error, cost_nanos,
         input_tokens, output_tokens, root_run_id, principal, on_behalf_of)
       with numbered as (
         select n, now() - n * interval '60 days' / $2 as at, ($3::text[])[n % 5 + 1] as agent from generate_series(1, $2) n
     ), made as (
       select m.*, ${idAt('m.at')} as id, t.id as template_id
         from numbered m join agent_templates t on t.tenant_id = $1 and t.name = m.agent and t.version = 1
     )
       select $1, id, template_id, agent, 1, case when n % 10 = 0 then 'staging' else 'production' end,
              'busy-' || n - (n + 1) % 2, 'api_key:' || n % 7, 'test', 'message ' || n, '{}', 60000, at, at,
              at + interval '1 minute', at + interval '1 second', at + (n % 90 + 2) * interval '1 second',
              case when n % 20 = 0 then 'cancelled' when n % 9 = 0 then 'failed' else 'succeeded' end,
              case when n % 9 = 0 and n % 20 > 0 then '{"code": "model_failed", "message": "no"}'::jsonb end,
              $4 * n % 1000000, 1000, 100, id, 'api_key:' || n % 7, 'user ' || n % 50
         from made`,
    [tenantId, runs, `{${busyAgents.join(',')}}`, callsPerRun],
  )
  await asSuperuser(
    `insert into messages (tenant_id, thread_id, run_id, role, content, created_at)
       select $1, r.thread_id, r.id, 'user', to_jsonb(r.message), r.created_at from agent_runs r
        where r.tenant_id = $1 and r.thread_id like 'busy-%'`,
    [tenantId],
  )
  await asSuperuser(
    `insert into usage_records (tenant_id, id, run_id, step, model, input_tokens, output_tokens, cache_read_tokens,
         cache_write_tokens, reasoning_tokens, cost_nanos, created_at)
       select $1, gen_random_uuid(), r.id, 'model:' || c, 'openai/model-' || c % 4, 1000, 100, 500, 0, 10,
              r.cost_nanos / $2, r.created_at + c * interval '1 second'
         from agent_runs r cross join generate_series(1, $2) c where r.tenant_id = $1 and r.thread_id like 'busy-%'`,
    [tenantId, callsPerRun],
  )
  await asSuperuser('analyze')
}

/** An id as uuidv7 would have drawn it then. */
function idAt(time: string): string {
  return `encode(set_byte(overlay(decode(replace(gen_random_uuid()::text, '-', ''), 'hex') placing
    substring(int8send((extract(epoch from ${time}) * 1000)::bigint) from 3) from 1 for 6), 6, 112), 'hex')::uuid`
}
