-- Limits and quotas by plan. Null everywhere: what held before.

alter table plans
  add column key_requests_per_second float8 check (key_requests_per_second > 0),
  add column key_burst int check (key_burst > 0),
  add column user_requests_per_second float8 check (user_requests_per_second > 0),
  add column user_burst int check (user_burst > 0),
  add column tenant_requests_per_second float8 check (tenant_requests_per_second > 0),
  add column tenant_burst int check (tenant_burst > 0),
  add column max_agents bigint check (max_agents >= 0),
  add column max_runs_per_month bigint check (max_runs_per_month >= 0),
  add column max_members bigint check (max_members >= 0),
  add column max_storage_bytes bigint check (max_storage_bytes >= 0),
  -- Grows with each change.
  add column revision int not null default 1;

-- A lower limit than that of the plan.
alter table api_keys add column requests_per_second float8 check (requests_per_second > 0);

-- How many runs a tenant has started in a month. Kept while its plan limits them: counted anew when the month is another
-- one, what the plan says, or the plan.
create table run_counts (
  tenant_id uuid primary key references tenants (id),
  month_start timestamptz not null,
  plan_revision int not null,
  runs bigint not null
) with (fillfactor = 50); -- room for the updates within a page

-- What a tenant's rows take, measured now and then.
create table storage_measures (
  tenant_id uuid primary key references tenants (id),
  bytes bigint,
  measured_at timestamptz,
  -- Nobody measures before that.
  next_at timestamptz not null,
  check ((bytes is null) = (measured_at is null))
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['run_counts', 'storage_measures'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;
create policy doors on storage_measures to freehold_doors using (true) with check (true);
grant select, insert, update on run_counts, storage_measures to freehold_app;
grant select on storage_measures to freehold_doors;

-- Runs that count: those that somebody or something outside started, not those that runs started, nor the platform's own.
-- Ids grow with time, which leaves the rest of the history unread; the clock that made them may be a day off.
create function count_runs_since(p_tenant uuid, p_start timestamptz) returns bigint
language sql stable set search_path = public, pg_temp set enable_seqscan = off as $$
  select count(*) from agent_runs r
   where r.tenant_id = p_tenant and r.created_at >= p_start and r.parent_run_id is null and r.agent not like 'system:%'
     and r.id >= encode(overlay(decode(repeat('00', 16), 'hex') placing
       substring(int8send((extract(epoch from p_start - interval '1 day') * 1000)::bigint) from 3) from 1 for 6), 'hex')::uuid
$$;

-- Counts a run in the transaction that starts it, and refuses the one that its plan doesn't allow. After the insert, so
-- that a run that is there already doesn't count again.
create function count_run() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  quota record;
  counted run_counts;
begin
  quota := door_run_quota(new.tenant_id);
  if quota.storage_bytes >= quota.max_storage_bytes then
    raise exception 'quota' using errcode = 'FHQ01', detail = jsonb_build_object('quota', 'storageBytes',
      'plan', quota.plan, 'used', quota.storage_bytes, 'allowed', quota.max_storage_bytes)::text;
  end if;
  if quota.max_runs_per_month is null then return null; end if;
  update run_counts c set runs = c.runs + 1
   where c.tenant_id = new.tenant_id and c.month_start = quota.month_start and c.plan_revision = quota.revision
     and c.runs < quota.max_runs_per_month;
  if found then return null; end if;

  insert into run_counts (tenant_id, month_start, plan_revision, runs)
    values (new.tenant_id, '-infinity', quota.revision, 0) on conflict do nothing;
  select * into counted from run_counts c where c.tenant_id = new.tenant_id for no key update;
  if (counted.month_start, counted.plan_revision) is distinct from (quota.month_start, quota.revision) then
    -- Those that count at the same moment wait for the row, and add themselves to it.
    counted.runs := count_runs_since(new.tenant_id, quota.month_start);
  else
    counted.runs := counted.runs + 1;
  end if;
  if counted.runs > quota.max_runs_per_month then
    raise exception 'quota' using errcode = 'FHQ01', detail = jsonb_build_object('quota', 'runsPerMonth',
      'plan', quota.plan, 'used', counted.runs - 1, 'allowed', quota.max_runs_per_month)::text;
  end if;
  update run_counts c set month_start = quota.month_start, plan_revision = quota.revision, runs = counted.runs
   where c.tenant_id = new.tenant_id;
  return null;
end $$;

create trigger run_counted after insert on agent_runs for each row
  when (new.parent_run_id is null and new.agent not like 'system:%')
  execute function count_run();

-- Under a plan without a quota nothing is counted, so that what was counted before is worth nothing after it.
create function forget_run_count() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  update run_counts c set month_start = '-infinity' where c.tenant_id = new.id;
  return null;
end $$;

create trigger plan_changed after update of plan on tenants for each row when (new.plan <> old.plan)
  execute function forget_run_count();
