-- The member behind a key: who made it, or made the key that made it. None for the operator's, and for those that act as a
-- service account, which its roles hold.
alter table api_keys add column made_by uuid references people (id);
create index api_keys_by_maker on api_keys (tenant_id, made_by) where made_by is not null;

-- For the keys that there are, the audit trail tells. The owner is bound by the policies, too, and has none of its own.
alter table api_keys no force row level security;
alter table audit_entries no force row level security;
with recursive made as (
  select e.tenant_id, e.subject_id, split_part(e.actor, ':', 2) as person
    from audit_entries e where e.action = 'key.created' and e.actor ~ '^(person|service_account):'
  union
  select e.tenant_id, e.subject_id, m.person
    from audit_entries e join made m on m.tenant_id = e.tenant_id and e.actor = 'api_key:' || m.subject_id
   where e.action = 'key.created'
)
update api_keys k set made_by = m.person::uuid from made m
 where m.tenant_id = k.tenant_id and m.subject_id = k.id::text and k.member_id is null;
alter table api_keys force row level security;
alter table audit_entries force row level security;

-- Who is behind an actor such as `api_key:<id>`, as an id: a member, or who made the key, also one that whoever asks can't
-- see. An actor that nobody is behind is itself.
create function person_behind(p_tenant uuid, p_actor text) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  teams constant text := coalesce(current_setting('app.team_ids', true), '');
  named constant text := split_part(p_actor, ':', 2);
  maker uuid;
begin
  if p_actor ~ '^(person|service_account):' then return named; end if;
  if p_actor !~ '^api_key:' then return p_actor; end if;
  perform set_config('app.team_ids', '', true);
  select k.made_by into maker from api_keys k where k.tenant_id = p_tenant and k.id::text = named;
  perform set_config('app.team_ids', teams, true);
  return coalesce(maker::text, p_actor);
end $$;
