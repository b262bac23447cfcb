-- Approvals: what a run may only do once people have agreed to exactly that.

alter table agent_templates add column approvals jsonb not null default '{}';
alter table api_keys add column roles text[] not null default '{}';

-- The owner is bound by the policies, too, and has none of its own.
alter table api_keys no force row level security;
-- A key that could do everything still can.
update api_keys set roles = '{owner}', scopes = scopes || '{approvals:read,approvals:decide}'
 where scopes @> '{agents:read,agents:write,agents:release,keys:read,keys:write,runs:read,runs:start,runs:control,tenant:read,tenant:write,threads:read,usage:read}';
alter table api_keys force row level security;

create table approvals (
  tenant_id uuid not null,
  id uuid not null,
  run_id uuid not null,
  step text not null,
  agent text not null,
  version int not null,
  kind text not null check (kind in ('tool', 'program', 'budget')),
  tool text,
  tool_call_id text,
  reason text not null,
  -- What was asked for, and what an approver made of it. A decision names the hash of the latter, if there is one.
  arguments jsonb not null,
  arguments_hash text not null,
  edited_arguments jsonb,
  edited_hash text,
  requested_by text not null,
  -- Whoever is named or has one of the roles; anyone with the permission when both are empty.
  approver_actors text[] not null,
  approver_roles text[] not null,
  quorum int not null check (quorum > 0),
  allow_self boolean not null,
  expires_at timestamptz not null,
  on_expiry text not null check (on_expiry in ('reject', 'approve', 'fail')),
  status text not null default 'pending'
    check (status in ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  created_at timestamptz not null default now(),
  decided_at timestamptz,
  used_at timestamptz,
  -- Nobody's silence raises a budget.
  check (kind <> 'budget' or on_expiry <> 'approve'),
  primary key (tenant_id, id),
  foreign key (tenant_id, run_id) references agent_runs (tenant_id, id)
);
create unique index approvals_pending on approvals (tenant_id, run_id, step) where status = 'pending';
create index approvals_by_run on approvals (tenant_id, run_id);
create index approvals_by_status on approvals (tenant_id, status, id desc);

create table approval_decisions (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  approval_id uuid not null,
  actor text not null,
  decision text not null check (decision in ('approve', 'reject')),
  arguments_hash text not null,
  edited_arguments jsonb,
  comment text,
  at timestamptz not null default now(),
  primary key (tenant_id, id),
  -- Each actor decides once on the same arguments.
  unique (tenant_id, approval_id, arguments_hash, actor),
  foreign key (tenant_id, approval_id) references approvals (tenant_id, id)
);

do $$
declare
  table_name text;
begin
  foreach table_name in array array['approvals', 'approval_decisions'] loop
    execute format('alter table %I enable row level security', table_name);
    execute format('alter table %I force row level security', table_name);
    execute format(
      'create policy tenant_isolation on %I to freehold_app
         using (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))
         with check (tenant_id = (select nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
      table_name);
  end loop;
end $$;

grant select, insert, update on approvals to freehold_app;
grant select, insert on approval_decisions to freehold_app;

-- However a run ends, nobody can decide for it any more.
create function cancel_approvals() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  update approvals a set status = 'cancelled', decided_at = now()
   where a.tenant_id = new.tenant_id and a.run_id = new.id and a.status = 'pending';
  return null;
end $$;

create trigger cancel_approvals after update of status on agent_runs for each row
  when (new.status in ('succeeded', 'failed', 'cancelled') and old.status in ('queued', 'running', 'waiting'))
  execute function cancel_approvals();

-- The rows behind the events of an append, in its transaction: an approval exists if and only if the journal says that it
-- was asked for, and is used if and only if the journal says so.
create function record_approvals(p_tenant uuid, p_run uuid, p_events jsonb) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
  used jsonb;
begin
  insert into approvals (tenant_id, id, run_id, step, agent, version, kind, tool, tool_call_id, reason, arguments,
      arguments_hash, requested_by, approver_actors, approver_roles, quorum, allow_self, expires_at, on_expiry)
    select p_tenant, (data ->> 'approvalId')::uuid, p_run, data ->> 'step', r.agent, r.version, data ->> 'kind',
           data ->> 'tool', data ->> 'toolCallId', data ->> 'reason', data -> 'arguments', data ->> 'argumentsHash',
           r.principal, array(select jsonb_array_elements_text(data #> '{approvers,actors}')),
           array(select jsonb_array_elements_text(data #> '{approvers,roles}')), (data ->> 'quorum')::int,
           (data ->> 'allowSelf')::boolean, least((data ->> 'expiresAt')::timestamptz, r.deadline_at), data ->> 'onExpiry'
      from agent_runs r, jsonb_array_elements(p_events) event, lateral (select event -> 'data' as data) d
     where r.tenant_id = p_tenant and r.id = p_run and event ->> 'type' = 'approval.requested';
  for used in
    select event -> 'data' from jsonb_array_elements(p_events) event where event ->> 'type' = 'approval.used'
  loop
    update approvals a set used_at = now()
     where a.tenant_id = p_tenant and a.run_id = p_run and a.id = (used ->> 'approvalId')::uuid
       and a.step = used ->> 'step' and a.used_at is null
       and coalesce(a.edited_hash, a.arguments_hash) = used ->> 'argumentsHash'
       and (a.status = 'approved' or a.status = 'expired' and a.on_expiry = 'approve');
    if not found then
      raise exception 'approval % does not allow this, or was used already', used ->> 'approvalId'
        using errcode = 'check_violation';
    end if;
  end loop;
end $$;

-- As in 0007, and with the approvals among the events.
create or replace function append_metered_events(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_let_go boolean default false
) returns table (seq int, cancel_requested_by text, applied boolean)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
  answered jsonb;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  perform 1 from agent_runs r where r.tenant_id = p_tenant and r.id = p_run for no key update;
  select * into appended from append_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go);
  if not found then return; end if;
  return query select appended.seq, appended.cancel_requested_by, appended.applied;
  if not appended.applied then return; end if;
  if p_events @> '[{"type": "approval.requested"}]' or p_events @> '[{"type": "approval.used"}]' then
    perform record_approvals(p_tenant, p_run, p_events);
  end if;
  select jsonb_agg(jsonb_build_object('id', data -> 'callId', 'step', data -> 'step', 'model', data -> 'model',
           'outcome', 'answered', 'usage', data -> 'usage', 'costNanos', data -> 'costNanos',
           'estimated', data -> 'estimated'))
    into answered
    from jsonb_array_elements(p_events) event, lateral (select event -> 'data' as data) d
   where event ->> 'type' = 'model.finished';
  if answered is not null then perform settle_calls(p_tenant, p_run, answered); end if;
end $$;

-- As in 0005; at once, too, when an approval that it waits for was decided while a worker still held the run.
create or replace function suspend_run(
  p_tenant uuid, p_run uuid, p_token bigint, p_after int, p_events jsonb, p_waits jsonb
) returns table (seq int)
language plpgsql set search_path = public, pg_temp as $$
declare
  appended record;
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  select * into appended from append_metered_events(p_tenant, p_run, p_token, p_after, p_events, p_let_go => true);
  if not found then return; end if;
  return query select appended.seq;
  if not appended.applied then return; end if;
  update agent_runs r set status = 'waiting', waits = p_waits, worker = null, crashes = 0, available_at = least(
      r.deadline_at,
      case when appended.cancel_requested_by is not null then now() end,
      case when exists (
        select 1 from agent_runs c
         where c.tenant_id = p_tenant
           and c.id in (select (w ->> 'runId')::uuid from jsonb_array_elements(p_waits) w where w ->> 'kind' = 'child')
           and c.status in ('succeeded', 'failed', 'cancelled')
      ) then now() end,
      case when exists (
        select 1 from approvals a
         where a.tenant_id = p_tenant and a.status <> 'pending'
           and a.id in (select (w ->> 'approvalId')::uuid from jsonb_array_elements(p_waits) w)
      ) then now() end,
      (select min((w ->> 'until')::timestamptz) from jsonb_array_elements(p_waits) w))
   where r.tenant_id = p_tenant and r.id = p_run;
end $$;

-- How an approval came out, as the journal says it.
create function approval_outcome(p_approval approvals) returns jsonb
language sql stable set search_path = public, pg_temp as $$
  select jsonb_build_object(
    'step', p_approval.step,
    'approvalId', p_approval.id,
    'decision', case when p_approval.status = 'expired'
      then case p_approval.on_expiry when 'approve' then 'approved' when 'reject' then 'rejected' else 'failed' end
      else p_approval.status end,
    'by', case when p_approval.status = 'expired' then '["expiry"]' else coalesce(jsonb_agg(d.actor order by d.at), '[]') end,
    'comment', (array_agg(d.comment order by d.at desc) filter (where d.comment is not null))[1],
    'arguments', coalesce(p_approval.edited_arguments, p_approval.arguments),
    'argumentsHash', coalesce(p_approval.edited_hash, p_approval.arguments_hash))
    from approval_decisions d
   where d.tenant_id = p_approval.tenant_id and d.approval_id = p_approval.id
     and (p_approval.status = 'approved' and d.decision = 'approve'
            and d.arguments_hash = coalesce(p_approval.edited_hash, p_approval.arguments_hash)
          or p_approval.status = 'rejected' and d.decision = 'reject')
$$;

-- A person's decision on exactly the arguments with p_hash, or with p_edited instead of them. Outcome: ok, not_found, why
-- not, or the status that forbids it. The run's row is locked first, so of several decisions at once each counts the others.
create function decide_approval(
  p_tenant uuid, p_approval uuid, p_actor text, p_roles text[], p_decision text, p_hash text, p_edited jsonb,
  p_edited_hash text, p_comment text
) returns text
language plpgsql set search_path = public, pg_temp as $$
declare
  run agent_runs;
  approval approvals;
  approved_hash text := coalesce(p_edited_hash, p_hash);
begin
  select r.* into run from approvals a join agent_runs r on r.tenant_id = a.tenant_id and r.id = a.run_id
   where a.tenant_id = p_tenant and a.id = p_approval for update of r;
  if not found then return 'not_found'; end if;
  select * into approval from approvals a where a.tenant_id = p_tenant and a.id = p_approval for update;
  if cardinality(approval.approver_actors || approval.approver_roles) > 0
    and not (p_actor = any (approval.approver_actors) or approval.approver_roles && p_roles) then
    return 'not_approver';
  end if;
  if not approval.allow_self and p_actor = approval.requested_by then return 'self'; end if;
  if approval.status <> 'pending' then return approval.status; end if;
  if approval.expires_at <= clock_timestamp() then return 'expired'; end if;
  if p_hash <> coalesce(approval.edited_hash, approval.arguments_hash) then return 'other_arguments'; end if;
  if exists (
    select 1 from approval_decisions d
     where d.tenant_id = p_tenant and d.approval_id = p_approval and d.actor = p_actor and d.arguments_hash = approved_hash
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

-- For the worker that holds the run: whether an approval is still open, and how it came out otherwise. One whose time is
-- over comes out as its policy says.
create function settle_approval(p_tenant uuid, p_approval uuid) returns table (status text, outcome jsonb)
language plpgsql set search_path = public, pg_temp as $$
begin
  perform set_config('app.tenant_id', p_tenant::text, true);
  update approvals a set status = 'expired', decided_at = now()
   where a.tenant_id = p_tenant and a.id = p_approval and a.status = 'pending' and a.expires_at <= clock_timestamp();
  return query select a.status, approval_outcome(a) from approvals a where a.tenant_id = p_tenant and a.id = p_approval;
end $$;
