create table threads (
  tenant_id uuid not null references tenants (id),
  id text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id)
);

-- The run row is the job: claimable when available_at has passed and the status is not final.
-- For a running run, available_at is the end of its lease, so an expired lease is claimable too.
create table agent_runs (
  tenant_id uuid not null,
  id uuid not null,
  template_id uuid not null,
  agent text not null,
  version int not null,
  environment text not null,
  thread_id text not null,
  client_key text,
  parent_run_id uuid,
  parent_step text,
  -- How many delegations lie above this run.
  depth int not null default 0,
  started_by text not null,
  request_id text not null,
  message text not null,
  metadata jsonb not null,
  deadline_ms int not null,
  created_at timestamptz not null default now(),
  status text not null default 'queued'
    check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  available_at timestamptz not null default now(),
  deadline_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  waits jsonb,
  output jsonb,
  error jsonb,
  worker text,
  attempt int not null default 1,
  crashes int not null default 0,
  cost_nanos bigint not null default 0,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  cache_read_tokens bigint not null default 0,
  cache_write_tokens bigint not null default 0,
  reasoning_tokens bigint not null default 0,
  primary key (tenant_id, id),
  unique (tenant_id, client_key),
  unique (tenant_id, parent_run_id, parent_step),
  foreign key (tenant_id, template_id) references agent_templates (tenant_id, id),
  foreign key (tenant_id, thread_id) references threads (tenant_id, id),
  foreign key (tenant_id, parent_run_id) references agent_runs (tenant_id, id)
);

create index agent_runs_claimable on agent_runs (tenant_id, available_at)
  where status in ('queued', 'running', 'waiting');
create index agent_runs_due on agent_runs (available_at) where status in ('queued', 'running', 'waiting');
create index agent_runs_running on agent_runs (tenant_id, available_at) where status = 'running';
create index agent_runs_leased on agent_runs (worker) where status = 'running';
create index agent_runs_by_parent on agent_runs (tenant_id, parent_run_id) where parent_run_id is not null;
create index agent_runs_by_thread on agent_runs (tenant_id, thread_id);

-- The head of a run's journal: what every append checks and moves on. Narrow and without further indexes, because it
-- is updated at every step. While a worker holds the run, lease_token is that worker's fencing token; once the worker
-- has let go, it is the negative of that token.
create table run_heads (
  tenant_id uuid not null,
  run_id uuid not null,
  lease_token bigint not null default 0,
  last_seq int not null,
  cancel_requested_by text,
  primary key (tenant_id, run_id),
  foreign key (tenant_id, run_id) references agent_runs (tenant_id, id)
) with (fillfactor = 50); -- room for the updates within a page

-- No foreign key to the run: every append updates the run's head in the same statement, which proves that it exists at
-- a quarter of the cost.
create table run_events (
  tenant_id uuid not null,
  run_id uuid not null,
  seq int not null check (seq > 0),
  type text not null,
  data jsonb not null,
  at timestamptz not null default now(),
  primary key (tenant_id, run_id, seq)
);

create table messages (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  thread_id text not null,
  seq bigint generated always as identity,
  run_id uuid,
  role text not null check (role in ('user', 'assistant', 'tool')),
  content jsonb not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, thread_id) references threads (tenant_id, id),
  foreign key (tenant_id, run_id) references agent_runs (tenant_id, id)
);
create index messages_by_thread on messages (tenant_id, thread_id, seq);

create table usage_records (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  run_id uuid not null,
  step text not null,
  model text not null,
  input_tokens int not null,
  output_tokens int not null,
  cache_read_tokens int not null,
  cache_write_tokens int not null,
  reasoning_tokens int not null,
  cost_nanos bigint,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, run_id, step),
  foreign key (tenant_id, run_id) references agent_runs (tenant_id, id)
);
create index usage_records_by_time on usage_records (tenant_id, created_at desc, id desc);

-- The journal is the only truth; tool calls are read from it.
create view tool_invocations with (security_invoker = true) as
select started.tenant_id,
       started.run_id,
       started.data ->> 'step' as step,
       started.data ->> 'name' as name,
       started.data -> 'input' as input,
       finished.data -> 'output' as output,
       finished.data ->> 'error' as error,
       (finished.data ->> 'latencyMs')::int as latency_ms,
       case when finished.seq is null then 'started'
            when finished.data ? 'error' then 'failed'
            else 'finished' end as state,
       started.at as started_at
  from run_events started
  left join run_events finished
    on finished.tenant_id = started.tenant_id and finished.run_id = started.run_id
   and finished.type = 'tool.finished' and finished.data ->> 'step' = started.data ->> 'step'
 where started.type = 'tool.started';

do $$
declare
  table_name text;
begin
  foreach table_name in array array['threads', 'agent_runs', 'run_heads', 'run_events', 'messages', 'usage_records'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;

create policy doors on agent_runs to freehold_doors using (true) with check (true);
create policy doors on run_heads to freehold_doors using (true) with check (true);
create policy doors on run_events to freehold_doors using (true) with check (true);

grant select, insert, update on threads, agent_runs, run_heads to freehold_app;
-- Append-only.
grant select, insert on run_events, messages, usage_records to freehold_app;
grant select on tool_invocations to freehold_app;
grant select, update on agent_runs, run_heads to freehold_doors;
grant insert on run_events to freehold_doors;
