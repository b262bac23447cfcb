-- From when its deletion has begun, what the certificate will tell of the tenant. There is no way back from it.
alter table tenants
  add column deletion jsonb,
  add constraint tenants_deletion_check check (deletion is null or status = 'suspended');

-- door_erase_rows removes the rows of a tenant whose deletion has begun, and sees no other tenant's.
grant select, delete on tenants, api_keys, agent_templates, agent_releases, threads, agent_runs, run_heads, run_events, messages,
  usage_records, budgets, budget_windows, budget_reservations, approvals, approval_decisions, schedules, webhooks,
  secrets, connections, data_keys, secret_values, release_history, release_requests, release_decisions, memberships,
  invitations, teams, team_members, resource_owners, run_counts, storage_measures to freehold_doors;

do $$
declare
  name text;
begin
  foreach name in array '{threads,messages,usage_records,budgets,budget_windows,approvals,approval_decisions,webhooks,secrets,connections,data_keys,secret_values,release_history,release_requests,release_decisions,run_counts}'::text[]
  loop
    execute format('create policy erasure on %I to freehold_doors
      using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
      with check (false)', name);
  end loop;
end $$;

-- Each run that is deleted would look for those that it is the root of, through all runs of its tenant: nothing but an
-- index that every start of a run would pay for could help. start_run takes the root from the parent, whose key stays.
alter table agent_runs drop constraint agent_runs_tenant_id_root_run_id_fkey;

-- The runs of a tenant that is imported were counted where they ran.
drop trigger run_counted on agent_runs;
create trigger run_counted after insert on agent_runs for each row
  when (new.parent_run_id is null and new.agent not like 'system:%'
    and current_setting('app.importing', true) is distinct from new.tenant_id::text)
  execute function count_run();
