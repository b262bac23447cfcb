-- On whose ground the agents of a tenant run: beside those of others, in a namespace, or on a server of their own. Which of
-- them a worker serves is said where it is started.
alter table plans add column isolation text not null default 'shared'
  check (isolation in ('shared', 'namespace', 'dedicated'));
