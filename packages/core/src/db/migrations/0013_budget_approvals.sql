-- What budgets, approvals and webhooks are to each other.

-- A used approval of the kind `budget` raises the window that it is about, in the transaction that uses it, so once.
create function raise_approved_budget() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
  raised jsonb := coalesce(new.edited_arguments, new.arguments);
  extra bigint := (raised ->> 'raiseBy')::bigint;
  limit_of text := raised ->> 'limitOf';
begin
  if not raise_budget_window(new.tenant_id, (raised ->> 'budgetId')::uuid, raised ->> 'subject',
    (raised ->> 'windowStart')::timestamptz,
    p_extra_nanos => case limit_of when 'money' then extra else 0 end,
    p_extra_tokens => case limit_of when 'tokens' then extra else 0 end,
    p_extra_requests => case limit_of when 'requests' then extra else 0 end)
  then
    raise exception 'approval % is about a window that budget % does not have', new.id, raised ->> 'budgetId'
      using errcode = 'check_violation';
  end if;
  return null;
end $$;

create trigger raise_approved_budget after update of used_at on approvals for each row
  when (new.kind = 'budget' and old.used_at is null and new.used_at is not null)
  execute function raise_approved_budget();

-- Triggers, since each of these comes true in several functions, and each of those must tell.
create function emit_approval() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform emit_webhook(new.tenant_id, case new.status when 'pending' then 'approval.requested' else 'approval.decided' end,
    jsonb_build_object(
      'approvalId', new.id, 'runId', new.run_id, 'step', new.step, 'agent', new.agent, 'kind', new.kind, 'tool', new.tool,
      'reason', new.reason, 'arguments', coalesce(new.edited_arguments, new.arguments),
      'argumentsHash', coalesce(new.edited_hash, new.arguments_hash), 'requestedBy', new.requested_by,
      'status', new.status,
      'expiresAt', to_char(new.expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')));
  return null;
end $$;

create trigger approval_requested after insert on approvals for each row execute function emit_approval();
create trigger approval_decided after update of status on approvals for each row
  when (old.status = 'pending' and new.status <> 'pending') execute function emit_approval();

create function emit_budget_warned() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  perform emit_webhook(new.tenant_id, 'budget.warned', jsonb_build_object(
      'budgetId', b.id, 'name', b.name, 'scope', b.scope_kind, 'subject', new.subject, 'softPercent', b.soft_percent,
      'resetsAt', case when isfinite(new.window_end)
        then to_char(new.window_end at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end))
    from budgets b where b.tenant_id = new.tenant_id and b.id = new.budget_id;
  return null;
end $$;

create trigger budget_warned after update of warned on budget_windows for each row
  when (new.warned and not old.warned) execute function emit_budget_warned();

-- A key that could do everything still can. The owner is bound by the policies, too, and has none of its own.
alter table api_keys no force row level security;
update api_keys set scopes = scopes || array(
    select added from unnest('{schedules:read,schedules:write,webhooks:read,webhooks:write}'::text[]) added
     where added <> all (scopes))
 where scopes @> '{agents:read,agents:write,agents:release,keys:read,keys:write,runs:read,runs:start,runs:control,tenant:read,tenant:write,threads:read,usage:read}';
alter table api_keys force row level security;
