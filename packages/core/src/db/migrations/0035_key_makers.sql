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

-- As before, but a key is the person behind it: nobody approves what they asked for, or twice, by a key of theirs.
create or replace function decide_approval(
  p_tenant uuid, p_approval uuid, p_actor text, p_roles text[], p_decision text, p_hash text, p_edited jsonb,
  p_edited_hash text, p_comment text
) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  run agent_runs;
  approval approvals;
  approved_hash text := coalesce(p_edited_hash, p_hash);
  person constant text := person_behind(p_tenant, p_actor);
begin
  select r.* into run from approvals a join agent_runs r on r.tenant_id = a.tenant_id and r.id = a.run_id
   where a.tenant_id = p_tenant and a.id = p_approval for update of r;
  if not found then return 'not_found'; end if;
  select * into approval from approvals a where a.tenant_id = p_tenant and a.id = p_approval for update;
  if cardinality(approval.approver_actors || approval.approver_roles) > 0
    and not (p_actor = any (approval.approver_actors) or approval.approver_roles && p_roles) then
    return 'not_approver';
  end if;
  if not approval.allow_self and person = person_behind(p_tenant, approval.requested_by) then return 'self'; end if;
  if approval.status <> 'pending' then return approval.status; end if;
  if approval.expires_at <= clock_timestamp() then return 'expired'; end if;
  if p_hash <> coalesce(approval.edited_hash, approval.arguments_hash) then return 'other_arguments'; end if;
  if exists (
    select 1 from approval_decisions d
     where d.tenant_id = p_tenant and d.approval_id = p_approval and d.arguments_hash = approved_hash
       and person_behind(p_tenant, d.actor) = person
  ) then return 'decided_before'; end if;

  insert into approval_decisions (tenant_id, approval_id, actor, decision, arguments_hash, edited_arguments, comment, at)
    values (p_tenant, p_approval, p_actor, p_decision, approved_hash, p_edited, p_comment, clock_timestamp());
  update approvals a set
      edited_arguments = coalesce(p_edited, a.edited_arguments),
      edited_hash = coalesce(p_edited_hash, a.edited_hash),
      status = case
        when p_decision = 'reject' then 'rejected'
        when a.quorum <= (select count(*) from approval_decisions d
           where d.tenant_id = p_tenant and d.approval_id = p_approval and d.decision = 'approve'
             and d.arguments_hash = approved_hash) then 'approved'
        else a.status end
   where a.tenant_id = p_tenant and a.id = p_approval
  returning * into approval;
  if approval.status = 'pending' then return 'ok'; end if;
  update approvals a set decided_at = now() where a.tenant_id = p_tenant and a.id = p_approval;
  -- A worker that holds the run journals it itself, once it looks.
  if run.status in ('waiting', 'queued') then
    perform append_unheld(p_tenant, run.id, 'approval.decided', approval_outcome(approval));
  end if;
  update agent_runs r set available_at = now(),
      waits = (select coalesce(jsonb_agg(w), '[]') from jsonb_array_elements(r.waits) w
                where w ->> 'approvalId' is distinct from p_approval::text)
   where r.tenant_id = p_tenant and r.id = run.id and r.status = 'waiting';
  return 'ok';
end $$;
