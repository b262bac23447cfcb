-- Whether a host is still its tenant's is asked again and again: when next, and since when its record is missing.
alter table custom_hosts
  add column next_check_at timestamptz not null default now(),
  add column missing_since timestamptz;
create index custom_hosts_due on custom_hosts (next_check_at) where verified_at is not null;
