-- Service accounts are members that are no people: they have roles and teams like one, and act by keys. Support is a
-- membership that ends by itself, for somebody of the installation, with the reason that the tenant can read.

alter table people add column kind text not null default 'person' check (kind in ('person', 'service'));
grant select (kind) on people to freehold_app;

alter table memberships
  add column expires_at timestamptz,
  add column reason text,
  add check ((source = 'support') = (expires_at is not null and reason is not null));

grant update (expires_at, reason) on memberships to freehold_app;

-- The service account that a key acts as. No foreign key, as the key outlives the membership: revoked, and good for nothing.
alter table api_keys add column member_id uuid;
create index api_keys_by_member on api_keys (tenant_id, member_id) where member_id is not null;
