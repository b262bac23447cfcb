-- What a creating request with an Idempotency-Key came to. The row goes in before the work and in its transaction, so a
-- second request with the key waits on the primary key until the first has committed or is undone.
create table idempotency_keys (
  -- Checked at the commit: the work may be to create the tenant.
  tenant_id uuid not null references tenants (id) deferrable initially deferred,
  operation text not null,
  key_hash bytea not null,
  request_hash bytea not null,
  -- Encrypted under the client's key. Null only until the work is done, which nobody sees.
  result bytea,
  expires_at timestamptz not null,
  primary key (tenant_id, operation, key_hash)
);
create index idempotency_keys_by_expiry on idempotency_keys (expires_at);

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
create policy tenant_isolation on idempotency_keys to freehold_app
  using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
  with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
create policy doors on idempotency_keys to freehold_doors using (true) with check (true);

grant select, insert, update on idempotency_keys to freehold_app;
-- FOR UPDATE needs the right to update.
grant select, update, delete on idempotency_keys to freehold_doors;
