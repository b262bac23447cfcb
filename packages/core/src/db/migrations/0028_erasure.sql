-- What came with services, white label and flags goes with its tenant, too.
grant select, delete on services, service_consumers, brandings, logos, custom_hosts, feature_flags to freehold_doors;

do $$
declare
  name text;
begin
  foreach name in array '{services,service_consumers,feature_flags}'::text[] loop
    execute format('create policy erasure on %I to freehold_doors
      using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
      with check (false)', name);
  end loop;
end $$;
