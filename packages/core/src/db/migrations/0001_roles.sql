-- Run by the login of DATABASE_URL. Everything after this file is run as freehold_owner.
-- freehold_app does all tenant work; freehold_doors owns the functions in doors.sql and nothing else.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['freehold_owner', 'freehold_app', 'freehold_doors'] loop
    begin
      execute format('create role %I nologin nosuperuser nobypassrls nocreatedb nocreaterole', role_name);
    exception when duplicate_object or unique_violation then
      null; -- another database of this cluster has Freehold too
    end;
  end loop;
end $$;

grant freehold_owner, freehold_app to current_user;
grant freehold_doors to freehold_owner;

grant usage, create on schema public to freehold_owner;
grant usage, create on schema public to freehold_doors;
grant usage on schema public to freehold_app;
