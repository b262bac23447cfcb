-- The vault in OpenBao's Transit engine: the values are here, the keys only there. A value is under a data key of ours, or
-- under a version of the tenant's key in Transit.
alter table secret_values
  alter column data_key drop not null,
  add column transit_key_version int,
  add constraint secret_values_key_check check (num_nonnulls(data_key, transit_key_version) = 1);

-- No value comes in under an older version: a rotation is about to destroy those.
alter table tenants add column transit_key_version int not null default 1;
