-- Where a tenant wants to be told of events. A delivery is a run of the built-in program deliver-webhook.
create table webhooks (
  tenant_id uuid not null references tenants (id),
  id uuid not null,
  url text not null,
  description text not null,
  events text[] not null,
  -- Encrypted outside of the database; a deleted webhook has none.
  secret bytea,
  -- Signs beside the new one for a while after a rotation.
  previous_secret bytea,
  previous_secret_until timestamptz,
  status text not null default 'active' check (status in ('active', 'disabled', 'deleted')),
  disabled_reason text,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, id),
  check ((status = 'deleted') = (secret is null))
);

alter table webhooks enable row level security;
alter table webhooks force row level security;
create policy tenant_isolation on webhooks to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select, insert, update on webhooks to freehold_app;

-- A UUIDv7 (RFC 9562, section 5.7), like those that the server makes: ids of runs grow with time.
create function new_run_id() returns uuid language sql volatile set search_path = public, pg_temp as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
    52, 1), 53, 1), 'hex')::uuid
$$;

-- The agent of the deliveries. Tenants can't name it: their agents' names have no colon.
create function ensure_webhook_agent(p_tenant uuid) returns void
language sql volatile set search_path = public, pg_temp as $$
  insert into agent_templates (tenant_id, id, name, version, description, program, model, fallback_models, prompts, tools,
      limits, created_by)
    values (p_tenant, new_run_id(), 'system:webhooks', 1, 'Delivers webhooks.', 'deliver-webhook', 'demo', '{}',
      '{"system": ""}', '{}', '{"runTimeoutMs": 172800000}', 'system')
    on conflict (tenant_id, name, version) do nothing;
  insert into agent_releases (tenant_id, agent, environment, version, released_by)
    values (p_tenant, 'system:webhooks', 'production', 1, 'system')
    on conflict do nothing
$$;

-- The platform's own agents work for the platform only.
alter table agent_runs add check (agent not like 'system:%' or started_by like 'system:%');

-- Starts the run that delivers an event to a webhook. Its deadline leaves room for every retry, and the tenant's own
-- backlog doesn't hold it up.
create function start_delivery(p_tenant uuid, p_webhook uuid, p_type text, p_data jsonb) returns uuid
language plpgsql set search_path = public, pg_temp as $$
declare
  delivery uuid := new_run_id();
  started record;
begin
  select * into started from start_run(
    p_tenant => p_tenant, p_run => delivery, p_agent => 'system:webhooks', p_environment => 'production',
    p_thread => 'system:' || delivery,
    p_message => jsonb_build_object('type', p_type, 'data', p_data,
      'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text,
    p_metadata => jsonb_build_object('webhookId', p_webhook, 'event', p_type),
    p_deadline_ms => 172800000, p_started_by => 'system:webhooks', p_request_id => 'webhook:' || p_webhook,
    p_priority => 2::smallint);
  if started.run_id is null then raise exception 'the delivery of a webhook was refused: %', started.outcome; end if;
  return started.run_id;
end $$;

-- Tells every webhook of the tenant that wants to hear of such an event. Called in the transaction that makes the event
-- true, so that it is neither lost nor told of what was rolled back. Answers how many are told.
create function emit_webhook(p_tenant uuid, p_type text, p_data jsonb) returns int
language sql volatile set search_path = public, pg_temp as $$
  select count(start_delivery(p_tenant, w.id, p_type, p_data))::int
    from webhooks w where w.tenant_id = p_tenant and w.status = 'active' and p_type = any (w.events)
$$;

-- A trigger, since a run can fail in several functions, and each of them must tell. A child run's failure is its
-- parent's affair, and a delivery that fails must not cause another one.
create function emit_run_failed() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform emit_webhook(new.tenant_id, 'run.failed', jsonb_build_object(
    'runId', new.id, 'agent', new.agent, 'version', new.version, 'environment', new.environment,
    'startedBy', new.principal, 'user', new.on_behalf_of, 'metadata', new.metadata, 'error', new.error));
  return null;
end $$;

create trigger run_failed after update of status on agent_runs for each row
  when (new.status = 'failed' and old.status <> 'failed' and new.parent_run_id is null
        and new.agent not like 'system:%')
  execute function emit_run_failed();
