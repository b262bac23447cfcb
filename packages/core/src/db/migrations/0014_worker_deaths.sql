-- breaking: the claim gives workers more than those of the release before have prepared for.

-- Workers that died with the run since it last got ahead, and since when it waits for room at a worker.
alter table agent_runs add column worker_deaths int not null default 0, add column put_off_at timestamptz;
update agent_runs set worker_deaths = failed_attempts where failed_attempts > 0 and status in ('queued', 'running');

-- Whatever counts the attempts of a run anew does so with the deaths, too.
create function forget_worker_deaths() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
  new.worker_deaths = 0;
  return new;
end $$;

create trigger agent_runs_got_ahead before update of failed_attempts on agent_runs
  for each row when (new.failed_attempts = 0 and old.worker_deaths > 0) execute function forget_worker_deaths();
