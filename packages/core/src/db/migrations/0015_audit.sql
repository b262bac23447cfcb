-- Who changed what: one chain of hashes for each tenant. Entries are written in the transaction of the change they tell of.

create table audit_entries (
  tenant_id uuid not null references tenants (id),
  seq bigint not null check (seq > 0),
  -- All that is hashed of it, so that no digit can be changed unseen.
  at timestamptz not null check (at = date_trunc('milliseconds', at)),
  actor text not null,
  actor_name text not null,
  action text not null,
  subject_kind text not null,
  subject_id text not null,
  before jsonb not null,
  after jsonb not null,
  request_id text not null,
  -- Where the request came from; not known of what the platform does by itself.
  address text,
  previous_hash text not null check (previous_hash ~ '^[0-9a-f]{64}$'),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  primary key (tenant_id, seq)
);
create index audit_entries_by_actor on audit_entries (tenant_id, actor, seq desc);
create index audit_entries_by_subject on audit_entries (tenant_id, subject_id, seq desc);

alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy tenant_isolation on audit_entries to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy doors on audit_entries to freehold_doors using (true) with check (true);

grant select, insert on audit_entries to freehold_app;
grant select on audit_entries to freehold_doors;

-- Grants bind freehold_app; this binds everybody who doesn't switch triggers off. The owner deletes the entries of a tenant
-- that is deleted itself.
create function keep_audit_entries() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' and current_user = 'freehold_owner' then return null; end if;
  raise exception 'audit entries are append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger keep_audit_entries after update or delete on audit_entries for each row
  execute function keep_audit_entries();
create trigger keep_all_audit_entries before truncate on audit_entries for each statement
  execute function keep_audit_entries();

-- A key that could do everything still can. The owner is bound by the policies, too, and has none of its own.
alter table api_keys no force row level security;
update api_keys set scopes = array_append(scopes, 'audit:read')
 where scopes @> '{agents:read,agents:write,agents:release,keys:read,keys:write,runs:read,runs:start,runs:control,tenant:read,tenant:write,threads:read,usage:read}'
   and 'audit:read' <> all (scopes);
alter table api_keys force row level security;
