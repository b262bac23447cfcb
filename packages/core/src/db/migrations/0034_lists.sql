-- What lists and pages of runs look for.

-- The delegations of a run, at whatever depth. Runs that nobody delegated, which are most, cost nothing.
create index agent_runs_by_root on agent_runs (tenant_id, root_run_id, id) where parent_run_id is not null;

-- As before, and in their order, so that the first and the last run of a thread are found at once.
drop index agent_runs_by_thread;
create index agent_runs_by_thread on agent_runs (tenant_id, thread_id, id);
