-- Budgets, and the books of every model call.
--
-- One attempt on one model is one call. Before it is made, `reserve_budget` sets its worst case aside in every budget that
-- applies, or refuses it. After that, exactly one settlement turns what is reserved into what was used: with the journal
-- append of `model.finished`, or by `settle_reservation` when there is nothing to journal. When the lease of the run is
-- over first, `settle_lost_calls` charges the worst case, which a late settlement then corrects. So at any time and in any
-- window spent + reserved <= limit, and what is spent is what the ledger (usage_records) sums up to.
--
-- Lock order: agent_runs, run_heads, then windows by (budget_id, subject, window_start). A reservation is changed only under
-- the lock of its run.

alter table tenants
  -- In which the periods of budgets begin.
  add column time_zone text not null default 'UTC',
  -- Nano-USD per token for models without a known price; null: such models are refused where money is limited.
  add column assumed_input_nanos bigint check (assumed_input_nanos >= 0),
  add column assumed_output_nanos bigint check (assumed_output_nanos >= 0),
  add check ((assumed_input_nanos is null) = (assumed_output_nanos is null));

-- A key that may do everything may do what is new, too; or nobody in a tenant of before could grant it.
alter table api_keys no force row level security;
update api_keys set scopes = scopes || '{budgets:read,budgets:write}'::text[]
 where scopes @> '{agents:read,agents:write,agents:release,keys:read,keys:write,runs:read,runs:start,runs:control,tenant:read,tenant:write,threads:read,usage:read}'::text[];
alter table api_keys force row level security;

create table budgets (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  name text not null,
  scope_kind text not null check (scope_kind in ('tenant', 'team', 'user', 'agent', 'run', 'api_key')),
  -- Null: each team, user, agent, run or key has this allowance of its own.
  scope_id text,
  period text not null check (period in ('hour', 'day', 'month', 'total')),
  limit_nanos bigint check (limit_nanos >= 0),
  token_limit bigint check (token_limit >= 0),
  request_limit bigint check (request_limit >= 0),
  soft_percent int check (soft_percent between 1 and 100),
  status text not null default 'active' check (status in ('active', 'deleted')),
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check (num_nonnulls(limit_nanos, token_limit, request_limit) > 0),
  check (scope_kind <> 'tenant' or scope_id is null)
);
create unique index budgets_by_name on budgets (tenant_id, name) where status = 'active';
create index budgets_by_scope on budgets (tenant_id, scope_kind, scope_id) where status = 'active';

-- What a budget's subject has used in a period. The window in force is the latest one, until it ends; so a change of the
-- tenant's time zone takes effect with the next period.
create table budget_windows (
  tenant_id uuid not null,
  budget_id uuid not null,
  subject text not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  spent_nanos bigint not null default 0 check (spent_nanos >= 0),
  reserved_nanos bigint not null default 0 check (reserved_nanos >= 0),
  spent_tokens bigint not null default 0 check (spent_tokens >= 0),
  reserved_tokens bigint not null default 0 check (reserved_tokens >= 0),
  spent_requests bigint not null default 0 check (spent_requests >= 0),
  reserved_requests bigint not null default 0 check (reserved_requests >= 0),
  -- What people allowed on top, in this window only.
  extra_nanos bigint not null default 0 check (extra_nanos >= 0),
  extra_tokens bigint not null default 0 check (extra_tokens >= 0),
  extra_requests bigint not null default 0 check (extra_requests >= 0),
  warned boolean not null default false,
  primary key (tenant_id, budget_id, subject, window_start),
  foreign key (tenant_id, budget_id) references budgets (tenant_id, id)
) with (fillfactor = 50); -- room for the updates within a page

-- The calls that are open, and those that were charged as lost and may still be corrected. Any other is in the ledger only.
create table budget_reservations (
  tenant_id uuid not null,
  id uuid not null,
  run_id uuid not null,
  step text not null,
  model text not null,
  lease_token bigint not null,
  -- The worst case. The cost is null when the price is not known and no money is limited.
  input_tokens int not null,
  output_tokens int not null,
  cost_nanos bigint,
  -- [{ budget_id, subject, window_start }]
  windows jsonb not null,
  lost boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  foreign key (tenant_id, run_id) references agent_runs (tenant_id, id)
);
create index budget_reservations_open on budget_reservations (tenant_id, run_id) where not lost;

-- One record for each call that used something; its id is that of the call. A step can take several calls.
alter table usage_records
  drop constraint usage_records_tenant_id_run_id_step_key,
  add column outcome text not null default 'answered' check (outcome in ('answered', 'broken', 'lost')),
  -- Whether tokens or price are our estimate, and not what the provider reported.
  add column estimated boolean not null default false;
create index usage_records_by_run on usage_records (tenant_id, run_id);

create function forbid_rewriting_usage() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if old.outcome <> 'lost' then
    raise exception 'usage record % is final: only one of a lost call can be corrected', old.id;
  end if;
  return new;
end $$;
create trigger usage_records_final before update on usage_records
  for each row execute function forbid_rewriting_usage();

do $$
declare
  table_name text;
begin
  foreach table_name in array array['budgets', 'budget_windows', 'budget_reservations'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;
create policy doors on budget_reservations to freehold_doors using (true) with check (true);

grant select, insert, update on budgets, budget_windows to freehold_app;
grant select, insert, update, delete on budget_reservations to freehold_app;
grant update (input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nanos, outcome,
  estimated) on usage_records to freehold_app;
grant select on budget_reservations to freehold_doors;

-- The period that a time lies in. Where the clocks are set back over midnight, that midnight is the second one.
create function budget_period(p_period text, p_at timestamptz, p_zone text)
returns table (starts_at timestamptz, ends_at timestamptz)
language plpgsql stable set search_path = public, pg_temp as $$
declare
  local_start timestamp;
  length interval;
begin
  if p_period = 'total' then
    starts_at := 'epoch';
    ends_at := 'infinity';
  elsif p_period = 'hour' then
    -- Keeps the offset of p_at, so that an hour which comes twice is two.
    starts_at := date_trunc('hour', p_at, p_zone);
    ends_at := starts_at + interval '1 hour';
  else
    length := '1 ' || p_period;
    local_start := date_trunc(p_period, p_at at time zone p_zone);
    if local_start at time zone p_zone > p_at then local_start := local_start - length; end if;
    starts_at := local_start at time zone p_zone;
    ends_at := (local_start + length) at time zone p_zone;
  end if;
  return next;
end $$;

-- Sets the worst case of a call aside in every budget that applies to the run, or in none. Asked again for a call that it
-- granted, it grants it again. Outcome: granted, lease_lost, or with the budget that stands against it budget_exceeded or
-- price_unknown. When several are too full it names the one that resets last.
create function reserve_budget(
  p_tenant uuid, p_run uuid, p_token bigint, p_call uuid, p_step text, p_model text, p_input_tokens int,
  p_output_tokens int, p_cost_nanos bigint
) returns table (
  outcome text, assumed_input_nanos bigint, assumed_output_nanos bigint, warnings jsonb, refusal jsonb
)
-- Its plans are kept, also those that were made while the tables were small.
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  run agent_runs;
  tenant tenants;
  asked_nanos bigint := p_cost_nanos;
  asked_tokens bigint := p_input_tokens + p_output_tokens;
  held jsonb;
  w record;
  exceeded text;
  resets timestamptz := '-infinity';
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  -- Locked first, as the reservation's foreign key would do it after the windows.
  select r.* into run
    from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
   where r.tenant_id = p_tenant and r.id = p_run and r.status = 'running' and h.lease_token = p_token
     for key share of r;
  if not found then
    outcome := 'lease_lost';
    return next;
    return;
  end if;
  select t.* into tenant from tenants t where t.id = p_tenant;
  if asked_nanos is null and tenant.assumed_input_nanos is not null then
    assumed_input_nanos := tenant.assumed_input_nanos;
    assumed_output_nanos := tenant.assumed_output_nanos;
    asked_nanos := p_input_tokens * assumed_input_nanos + p_output_tokens * assumed_output_nanos;
  end if;
  outcome := 'granted';
  warnings := '[]';
  if exists (select 1 from budget_reservations r where r.tenant_id = p_tenant and r.id = p_call) then
    return next;
    return;
  end if;

  select coalesce(jsonb_agg(jsonb_build_object('budget_id', b.id, 'subject', s.subject, 'known', current.window_start is not null,
           'window_start', coalesce(current.window_start, fresh.starts_at),
           'window_end', coalesce(current.window_end, fresh.ends_at))), '[]')
    into held
    from (values ('tenant', p_tenant::text), ('team', run.team), ('user', run.on_behalf_of), ('agent', run.agent),
                 ('run', run.root_run_id::text), ('api_key', substring(run.principal from '^api_key:(.*)$'))
         ) s (kind, subject)
    cross join lateral (
      select a.id, a.period from budgets a
       where a.tenant_id = p_tenant and a.status = 'active' and a.scope_kind = s.kind and a.scope_id is null
      union all
      select a.id, a.period from budgets a
       where a.tenant_id = p_tenant and a.status = 'active' and a.scope_kind = s.kind and a.scope_id = s.subject
    ) b
    left join lateral (
      select * from (
        select bw.window_start, bw.window_end from budget_windows bw
         where bw.tenant_id = p_tenant and bw.budget_id = b.id and bw.subject = s.subject
         order by bw.window_start desc limit 1
      ) latest where latest.window_end > now()
    ) current on true
    left join lateral (
      select p.starts_at, p.ends_at from budget_period(b.period, now(), tenant.time_zone) p
       where current.window_start is null
    ) fresh on true
   where s.subject is not null;

  insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end)
    select p_tenant, h.budget_id, h.subject, h.window_start, h.window_end
      from jsonb_to_recordset(held)
        as h (budget_id uuid, subject text, known boolean, window_start timestamptz, window_end timestamptz)
     where not h.known order by h.budget_id, h.subject
    on conflict do nothing;

  for w in
    select b.name, b.scope_kind, b.period, b.limit_nanos, b.token_limit, b.request_limit, b.soft_percent, bw.*
      from jsonb_to_recordset(held) as h (budget_id uuid, subject text, window_start timestamptz)
      join budgets b on b.tenant_id = p_tenant and b.id = h.budget_id
      join budget_windows bw on bw.tenant_id = p_tenant and bw.budget_id = h.budget_id and bw.subject = h.subject
       and bw.window_start = h.window_start
     order by bw.budget_id, bw.subject
       for no key update of bw
  loop
    exceeded := case
      when asked_nanos is null and w.limit_nanos is not null then 'price'
      when w.spent_nanos + w.reserved_nanos + asked_nanos > w.limit_nanos + w.extra_nanos then 'money'
      when w.spent_tokens + w.reserved_tokens + asked_tokens > w.token_limit + w.extra_tokens then 'tokens'
      when w.spent_requests + w.reserved_requests + 1 > w.request_limit + w.extra_requests then 'requests'
    end;
    if exceeded is not null and w.window_end > resets then
      resets := w.window_end;
      outcome := case exceeded when 'price' then 'price_unknown' else 'budget_exceeded' end;
      refusal := jsonb_build_object(
        'budgetId', w.budget_id, 'name', w.name, 'scopeKind', w.scope_kind, 'subject', w.subject, 'period', w.period,
        'windowStart', w.window_start, 'resetsAt', nullif(w.window_end, 'infinity'), 'limitOf', exceeded,
        'allowed', case exceeded when 'money' then w.limit_nanos + w.extra_nanos
          when 'tokens' then w.token_limit + w.extra_tokens else w.request_limit + w.extra_requests end,
        'taken', case exceeded when 'money' then w.spent_nanos + w.reserved_nanos
          when 'tokens' then w.spent_tokens + w.reserved_tokens else w.spent_requests + w.reserved_requests end,
        'asked', case exceeded when 'money' then asked_nanos when 'tokens' then asked_tokens else 1 end);
    end if;
    if not w.warned and (
      (w.spent_nanos + w.reserved_nanos + asked_nanos) * 100 >= nullif(w.limit_nanos + w.extra_nanos, 0) * w.soft_percent
      or (w.spent_tokens + w.reserved_tokens + asked_tokens) * 100
        >= nullif(w.token_limit + w.extra_tokens, 0) * w.soft_percent
      or (w.spent_requests + w.reserved_requests + 1) * 100
        >= nullif(w.request_limit + w.extra_requests, 0) * w.soft_percent
    ) then
      warnings := warnings || jsonb_build_object(
        'budgetId', w.budget_id, 'name', w.name, 'subject', w.subject, 'softPercent', w.soft_percent,
        'resetsAt', nullif(w.window_end, 'infinity'));
    end if;
  end loop;

  if outcome <> 'granted' then
    warnings := '[]';
    return next;
    return;
  end if;
  update budget_windows bw set
      reserved_nanos = bw.reserved_nanos + coalesce(asked_nanos, 0),
      reserved_tokens = bw.reserved_tokens + asked_tokens,
      reserved_requests = bw.reserved_requests + 1,
      warned = bw.warned
        or warnings @> jsonb_build_array(jsonb_build_object('budgetId', bw.budget_id, 'subject', bw.subject))
    from jsonb_to_recordset(held) as h (budget_id uuid, subject text, window_start timestamptz)
   where bw.tenant_id = p_tenant and bw.budget_id = h.budget_id and bw.subject = h.subject
     and bw.window_start = h.window_start;
  insert into budget_reservations (tenant_id, id, run_id, step, model, lease_token, input_tokens, output_tokens, cost_nanos,
      windows)
    select p_tenant, p_call, p_run, p_step, p_model, p_token, p_input_tokens, p_output_tokens, asked_nanos,
           coalesce(jsonb_agg(h - 'known' - 'window_end'), '[]')
      from jsonb_array_elements(held) h;
  return next;
end $$;

-- Settles calls of a run whose row is locked: [{ id, step, model, outcome, usage, costNanos, estimated }]. One that has been
-- settled before is left alone, unless it was charged as lost, which any other outcome corrects. Outcome unanswered uses
-- nothing. Without an id it is the call of a worker that doesn't reserve (an older release): into the ledger only.
create function settle_calls(p_tenant uuid, p_run uuid, p_calls jsonb) returns void
language plpgsql set search_path = public, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  call record;
  held budget_reservations;
  -- What the books hold for the call already: its worst case, once it was charged as lost.
  charged budget_reservations;
begin
  -- All of them before the first is changed.
  perform 1 from budget_windows bw
    join (
      select distinct h.budget_id, h.subject, h.window_start
        from jsonb_to_recordset(p_calls) as c (id uuid)
        join budget_reservations r on r.tenant_id = p_tenant and r.id = c.id
        cross join jsonb_to_recordset(r.windows) as h (budget_id uuid, subject text, window_start timestamptz)
    ) h on bw.budget_id = h.budget_id and bw.subject = h.subject and bw.window_start = h.window_start
   where bw.tenant_id = p_tenant
   order by bw.budget_id, bw.subject, bw.window_start
     for no key update of bw;
  for call in
    select c.id, c.step, c.model, c.outcome, coalesce(c.estimated, false) as estimated, c."costNanos" as cost_nanos, u.*
      from jsonb_to_recordset(p_calls)
        as c (id uuid, step text, model text, outcome text, usage jsonb, "costNanos" bigint, estimated boolean)
      cross join jsonb_to_record(c.usage) as u ("inputTokens" int, "outputTokens" int, "cacheReadTokens" int,
        "cacheWriteTokens" int, "reasoningTokens" int)
  loop
    charged := null;
    if call.id is not null then
      select r.* into held from budget_reservations r
       where r.tenant_id = p_tenant and r.run_id = p_run and r.id = call.id;
      continue when not found or (held.lost and call.outcome = 'lost');
      if held.lost then charged := held; end if;
      update budget_windows bw set
          reserved_nanos = bw.reserved_nanos - case when held.lost then 0 else coalesce(held.cost_nanos, 0) end,
          reserved_tokens = bw.reserved_tokens - case when held.lost then 0 else held.input_tokens + held.output_tokens end,
          reserved_requests = bw.reserved_requests - (not held.lost)::int,
          spent_nanos = bw.spent_nanos + coalesce(call.cost_nanos, 0) - coalesce(charged.cost_nanos, 0),
          spent_tokens = bw.spent_tokens + call."inputTokens" + call."outputTokens"
            - coalesce(charged.input_tokens + charged.output_tokens, 0),
          spent_requests = bw.spent_requests + (not held.lost and call.outcome <> 'unanswered')::int
        from jsonb_to_recordset(held.windows) as h (budget_id uuid, subject text, window_start timestamptz)
       where bw.tenant_id = p_tenant and bw.budget_id = h.budget_id and bw.subject = h.subject
         and bw.window_start = h.window_start;
      if call.outcome = 'lost' then
        update budget_reservations r set lost = true where r.tenant_id = p_tenant and r.id = call.id;
      else
        delete from budget_reservations r where r.tenant_id = p_tenant and r.id = call.id;
      end if;
      continue when call.outcome = 'unanswered' and not held.lost;
    end if;
    insert into usage_records as u (tenant_id, id, run_id, step, model, input_tokens, output_tokens, cache_read_tokens,
        cache_write_tokens, reasoning_tokens, cost_nanos, outcome, estimated)
      values (p_tenant, coalesce(call.id, gen_random_uuid()), p_run, call.step, call.model, call."inputTokens",
        call."outputTokens", call."cacheReadTokens", call."cacheWriteTokens", call."reasoningTokens", call.cost_nanos,
        case call.outcome when 'unanswered' then 'broken' else call.outcome end, call.estimated)
      on conflict (tenant_id, id) do update set input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens, cache_read_tokens = excluded.cache_read_tokens,
        cache_write_tokens = excluded.cache_write_tokens, reasoning_tokens = excluded.reasoning_tokens,
        cost_nanos = excluded.cost_nanos, outcome = excluded.outcome, estimated = excluded.estimated;
    update agent_runs r set
        cost_nanos = r.cost_nanos + coalesce(call.cost_nanos, 0) - coalesce(charged.cost_nanos, 0),
        input_tokens = r.input_tokens + call."inputTokens" - coalesce(charged.input_tokens, 0),
        output_tokens = r.output_tokens + call."outputTokens" - coalesce(charged.output_tokens, 0),
        cache_read_tokens = r.cache_read_tokens + call."cacheReadTokens",
        cache_write_tokens = r.cache_write_tokens + call."cacheWriteTokens",
        reasoning_tokens = r.reasoning_tokens + call."reasoningTokens"
     where r.tenant_id = p_tenant and r.id = p_run;
  end loop;
end $$;

-- Settles a call that the journal will not. Not fenced: what a call used, it used, whoever holds the run now.
create function settle_reservation(p_tenant uuid, p_run uuid, p_call jsonb) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  perform 1 from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for no key update;
  perform settle_calls(p_tenant, p_run, jsonb_build_array(p_call));
end $$;

-- The runs of a tenant that have calls whose lease is over.
create function find_lost_calls(p_tenant uuid) returns table (run_id uuid)
language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  return query
  select distinct c.run_id from budget_reservations c
   where c.tenant_id = p_tenant and not c.lost and not exists (
     select 1 from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
      where r.tenant_id = c.tenant_id and r.id = c.run_id and r.status = 'running' and r.available_at > now()
        and h.lease_token = c.lease_token);
end $$;

-- Charges the calls of a run whose lease is over in full, because the provider may. One run at a time, so that nobody
-- waits for two of them in another order.
create function settle_lost_calls(p_tenant uuid, p_run uuid) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  holder bigint;
  lost jsonb;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  perform 1 from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for no key update;
  -- The fencing token of whoever holds the run now; null when nobody does.
  select h.lease_token into holder from agent_runs r join run_heads h on h.tenant_id = r.tenant_id and h.run_id = r.id
   where r.tenant_id = p_tenant and r.id = p_run and r.status = 'running' and r.available_at > now();
  select jsonb_agg(jsonb_build_object('id', c.id, 'step', c.step, 'model', c.model, 'outcome', 'lost', 'estimated', true,
           'costNanos', c.cost_nanos, 'usage', jsonb_build_object('inputTokens', c.input_tokens,
             'outputTokens', c.output_tokens, 'cacheReadTokens', 0, 'cacheWriteTokens', 0, 'reasoningTokens', 0)))
    into lost
    from budget_reservations c
   where c.tenant_id = p_tenant and c.run_id = p_run and not c.lost and c.lease_token is distinct from holder;
  if lost is not null then perform settle_calls(p_tenant, p_run, lost); end if;
end $$;

-- Allows more in one window, and in no later one. False when there is no such window.
create function raise_budget_window(
  p_tenant uuid, p_budget uuid, p_subject text, p_window_start timestamptz, p_extra_nanos bigint,
  p_extra_tokens bigint default 0, p_extra_requests bigint default 0
) returns boolean
language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update budget_windows w set extra_nanos = w.extra_nanos + p_extra_nanos,
      extra_tokens = w.extra_tokens + p_extra_tokens, extra_requests = w.extra_requests + p_extra_requests
   where w.tenant_id = p_tenant and w.budget_id = p_budget and w.subject = p_subject
     and w.window_start = p_window_start;
  return found;
end $$;

-- As before, but a model call among the events is settled, not only noted.
create or replace function append_metered_events(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_let_go boolean default false
) returns table (seq int, cancel_requested_by text, applied boolean)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
  answered jsonb;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  perform 1 from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for no key update;
  select * into appended from append_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go);
  if not found then return; end if;
  return query select appended.seq, appended.cancel_requested_by, appended.applied;
  if not appended.applied then return; end if;
  select jsonb_agg(jsonb_build_object('id', data -> 'callId', 'step', data -> 'step', 'model', data -> 'model',
           'outcome', 'answered', 'usage', data -> 'usage', 'costNanos', data -> 'costNanos',
           'estimated', data -> 'estimated'))
    into answered
    from jsonb_array_elements(p_events) event, lateral (select event -> 'data' as data) d
   where event ->> 'type' = 'model.finished';
  if answered is not null then perform settle_calls(p_tenant, p_run, answered); end if;
end $$;
