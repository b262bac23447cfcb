-- Old audit entries can be removed through door_prune_audit, which leaves the entry that vouches for the rest.
grant delete on audit_entries to freehold_doors;

create or replace function keep_audit_entries() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' and current_user in ('freehold_owner', 'freehold_doors') then return null; end if;
  raise exception 'audit entries are append-only' using errcode = 'insufficient_privilege';
end $$;
