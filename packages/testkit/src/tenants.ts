import { randomUUID } from 'node:crypto'
import type { Client } from '@freehold/contracts'
import type { TestPlatform, TestTenant } from './platform.ts'
import { sampleContract } from './sample-contract.ts'
import { sampleLogo } from './sample-logo.ts'

/** What a tenant has to show: a thing for every kind of path parameter and every state that a request needs. */
export interface Ground {
  tenant: TestTenant
  agent: string
  /** A run that succeeded, with a model call in it. */
  finishedRun: string
  failedRun: string
  queuedRun: string
  /** A run that waits for a decision on `tool:1`. */
  undecidedRun: string
  /** An approval that `undecidedRun` waits for; its arguments have the hash `0…0`. */
  approvalId: string
  thread: string
  /** Who started every run, and the person that one of them is for, which `finishedRun` delegated. */
  startedBy: string
  user: string
  keyId: string
  budgetId: string
  scheduleId: string
  /** Another schedule, to be deleted. */
  spareScheduleId: string
  webhookId: string
  /** Another webhook, to be deleted. */
  spareWebhookId: string
  /** An agent whose version 2 serves in development, and could be promoted. */
  promotedAgent: string
  /** A promotion of `agent` that two more people than have done so have to approve. */
  releaseRequestId: string
  /** The name of a secret, which `connection` uses. */
  secretName: string
  /** Another secret, to be deleted. */
  spareSecret: string
  connection: string
  /** A service with two consumers, and another one, to be deleted. */
  service: string
  spareService: string
  /** Another connection, to be deleted. */
  spareConnection: string
  /** A feature flag of production, and another one, to be deleted. */
  flag: string
  spareFlag: string
  /** A member of the tenant, and another one, to be removed. */
  memberId: string
  spareMember: string
  invitationId: string
  /** A team with `memberId` and `teamMember` in it, which owns the second agent and budget of the tenant. */
  teamId: string
  teamMember: string
  /** Another team, to be deleted. */
  spareTeam: string
  /** The bearer token of somebody of the installation's support. */
  support: string
  /** The bearer token of somebody who is invited, and the token of their invitation. */
  guest: string
  guestInvitation: string
  /** Another tenant, for what an operator does to one. */
  spareTenant: string
  /** One that is suspended, to be deleted, and one whose deletion has begun. */
  doomedTenant: string
  doomedName: string
  fadingTenant: string
  /** One that is suspended, and the archive of one that was deleted. */
  restingTenant: string
  archive: Uint8Array
  /** A text that stands in this tenant's messages and nowhere else. */
  secret: string
}

/** Fills a tenant with one of everything. Needs a platform that can execute runs; leaves no worker running. */
export async function furnishTenant(test: TestPlatform, tenant: TestTenant): Promise<Ground> {
  const client = test.client(tenant.key)
  const agent = `agent-of-${tenant.name}`
  const secret = `the secret of ${tenant.name}`
  const thread = `thread-of-${tenant.name}`
  await limitTenant(test, tenant)
  await test.platform.objects.put({ tenantId: tenant.id, key: 'files/notes.txt' }, Buffer.from(secret))
  await brandTenant(client, tenant.name)
  const created = await client.createAgent({ body: { name: agent, prompts: { system: secret } } })
  await client.createAgentVersion({ params: { name: created.name }, body: {} })
  await client.createAgent({ body: { name: `second-${agent}` } })
  const promotedAgent = `promoted-by-${tenant.name}`
  await client.createAgent({ body: { name: promotedAgent } })
  await client.createAgentVersion({ params: { name: promotedAgent }, body: {} })
  for (const name of [agent, promotedAgent]) {
    await client.setRelease({ params: { name, environment: 'development' }, body: { version: 2 } })
  }
  const limited = { period: 'month', limitNanos: 1_000_000_000_000 } as const
  const budget = await client.createBudget({ body: { name: `budget of ${tenant.name}`, ...limited } })
  const second = await client.createBudget({ body: { name: `second budget of ${tenant.name}`, ...limited } })
  const runs = await furnishRuns(test, tenant, agent, secret, thread)
  await bookLostCall(test, tenant.id, budget.id, runs.finishedRun)
  const approvalId = await addApproval(test, tenant, runs.undecidedRun, 'pending')
  await addApproval(test, tenant, runs.finishedRun, 'rejected')
  const releaseRequestId = await addReleaseRequest(test, tenant, agent, 'pending')
  await addReleaseRequest(test, tenant, agent, 'rejected')
  const key = await client.createKey({ body: { name: `key of ${tenant.name}` } })
  const schedule = (name: string) =>
    client.createSchedule({ body: { name, agent, message: secret, cron: '0 9 * * *', metadata: { secret } } })
  const firstSchedule = await schedule(`first of ${tenant.name}`)
  const spareSchedule = await schedule(`second of ${tenant.name}`)
  const webhooks = await furnishWebhooks(client, secret)
  const named = await furnishNamed(client, tenant.name, secret)
  const services = await furnishServices(client, tenant.name, secret)
  const people = await furnishPeople(test, tenant)
  const teams = await furnishTeams(client, tenant.name, [people.memberId, people.teamMember], {
    agent: `second-${agent}`,
    budget: second.id,
  })
  const spare = await test.createTenant(`spare of ${tenant.name}`)
  const doomed = await furnishDoomed(test, tenant.name)
  return {
    tenant,
    agent,
    secret,
    thread,
    ...runs,
    approvalId,
    keyId: key.id,
    budgetId: budget.id,
    scheduleId: firstSchedule.id,
    spareScheduleId: spareSchedule.id,
    ...webhooks,
    ...people,
    ...teams,
    promotedAgent,
    releaseRequestId,
    ...named,
    ...services,
    spareTenant: spare.id,
    ...doomed,
  }
}

/** Runs in every state, and one that another delegated. */
async function furnishRuns(test: TestPlatform, tenant: TestTenant, agent: string, secret: string, thread: string) {
  const client = test.client(tenant.key)
  const start = (wait: number, threadId = thread) =>
    client.startRun({ params: { name: agent }, query: { wait }, body: { message: secret, threadId } })
  await test.startWorker()
  const finished = await start(20)
  await start(20)
  await test.stopWorker(20_000)
  const failed = await start(0)
  const [queued, undecided] = [await start(0, `queued-${thread}`), await start(0, `undecided-${thread}`)]
  await test.asSuperuser(
    `update agent_runs set status = 'failed', error = '{"code": "model_failed", "message": "no"}', finished_at = now()
      where id = $1`,
    [failed.id],
  )
  await test.asSuperuser(
    `update agent_runs set status = 'waiting', waits = '[{"step": "tool:1", "kind": "decision", "until": null}]',
        available_at = 'infinity' where id = $1`,
    [undecided.id],
  )
  const user = `user of ${tenant.name}`
  const body = { message: secret, threadId: `second-${thread}`, user }
  await client.startRun({ params: { name: agent }, body })
  await test.asSuperuser('update agent_runs set parent_run_id = $1, root_run_id = $1 where id = $2', [
    finished.id,
    failed.id,
  ])
  // Out of the reach of a worker that a test starts.
  await test.asSuperuser(`update agent_runs set available_at = 'infinity' where status = 'queued' and tenant_id = $1`, [
    tenant.id,
  ])
  return {
    startedBy: finished.startedBy,
    user,
    finishedRun: finished.id,
    failedRun: failed.id,
    queuedRun: queued.id,
    undecidedRun: undecided.id,
  }
}

/** Tenants that are suspended: for what an operator does to those. */
async function furnishDoomed(test: TestPlatform, of: string) {
  const operator = test.client(test.operatorKey)
  const suspend = async (name: string) => {
    const { id } = await operator.createTenant({ body: { name } })
    await operator.suspendTenant({ params: { id } })
    return { params: { id }, body: { name } }
  }
  const [doomed, fading, resting, moved] = [
    await suspend(`doomed-of-${of}`),
    await suspend(`fading-of-${of}`),
    await suspend(`resting-of-${of}`),
    await suspend(`moved-of-${of}`),
  ]
  await operator.deleteTenant(fading)
  const archive = new Uint8Array(
    await new Response(await operator.exportTenant({ params: moved.params })).arrayBuffer(),
  )
  while ((await operator.deleteTenant(moved)).status !== 'deleted');
  return {
    doomedTenant: doomed.params.id,
    doomedName: doomed.body.name,
    fadingTenant: fading.params.id,
    restingTenant: resting.params.id,
    archive,
  }
}

async function furnishWebhooks(client: Client, description: string) {
  const create = () =>
    client.createWebhook({ body: { url: 'https://hooks.invalid/', description, events: ['budget.warned'] } })
  const [first, spare] = [await create(), await create()]
  return { webhookId: first.id, spareWebhookId: spare.id }
}

/** What is known by name. */
async function furnishNamed(client: Client, of: string, value: string) {
  const [secretName, spareSecret] = [`first-key-of-${of}`, `second-key-of-${of}`]
  const [connection, spareConnection] = [`first-link-of-${of}`, `second-link-of-${of}`]
  for (const name of [secretName, spareSecret]) await client.putSecret({ params: { name }, body: { value } })
  for (const name of [connection, spareConnection]) {
    const body = { kind: 'http', secret: secretName, origin: 'https://api.invalid' } as const
    await client.putConnection({ params: { name }, body })
  }
  const [flag, spareFlag] = [`first-flag-of-${of}`, `second-flag-of-${of}`]
  for (const name of [flag, spareFlag]) await client.putFlag({ params: { name }, body: {} })
  return { secretName, spareSecret, connection, spareConnection, flag, spareFlag }
}

/** A look of its own, and a host that it claims. */
async function brandTenant(client: Client, of: string): Promise<void> {
  await client.putBranding({ body: { name: `Brand of ${of}` } })
  await client.putLogo({ body: { data: sampleLogo } })
  await client.claimHost({ body: { host: `${of}.example.com` } })
}

async function furnishServices(client: Client, of: string, description: string) {
  const [service, spareService] = [`first-service-of-${of}`, `second-service-of-${of}`]
  const body = { description, contract: sampleContract }
  for (const name of [service, spareService]) await client.putService({ params: { name }, body })
  for (const consumer of ['first-consumer', 'spare-consumer']) {
    const uses = [{ method: 'GET', path: '/things' } as const]
    await client.putServiceConsumer({ params: { name: service, consumer }, body: { uses } })
  }
  return { service, spareService }
}

/** Three people who joined by invitation, and two invitations that nobody has accepted yet. */
async function furnishPeople(test: TestPlatform, tenant: TestTenant) {
  const client = test.client(tenant.key)
  const domain = `${tenant.name}.invalid`
  const invite = (name: string) => client.createInvitation({ body: { email: `${name}@${domain}`, roles: ['viewer'] } })
  const tokenOf = (name: string) => test.tokenFor({ subject: `${name}-${tenant.id}`, email: `${name}@${domain}` })
  const join = async (name: string) => {
    const { token } = await invite(name)
    const person = test.client(tokenOf(name))
    await person.acceptInvitation({ body: { token } })
    return (await person.whoami()).actor.id
  }
  const [memberId, spareMember, teamMember] = [await join('member'), await join('spare'), await join('third')]
  const { id: invitationId } = await invite('nobody')
  const { token: guestInvitation } = await invite('guest')
  const support = tokenOf('support')
  const { actor } = await test.client(support).whoami()
  await test.asSuperuser(`update people set platform_role = 'support' where id = $1`, [actor.id])
  return { support, memberId, spareMember, teamMember, invitationId, guest: tokenOf('guest'), guestInvitation }
}

/** A team with members and things of its own, and one with nothing. */
async function furnishTeams(client: Client, of: string, members: string[], owned: Record<'agent' | 'budget', string>) {
  const { id: teamId } = await client.createTeam({ body: { name: `team of ${of}` } })
  const { id: spareTeam } = await client.createTeam({ body: { name: `spare team of ${of}` } })
  for (const person of members) {
    await client.putTeamMember({ params: { id: teamId, person }, body: { roles: ['builder'] } })
  }
  for (const kind of ['agent', 'budget'] as const) {
    await client.setOwner({ params: { kind, resource: owned[kind] }, body: { teamId } })
  }
  return { teamId, spareTeam }
}

/** An approval with a decision of somebody who is not enough for its quorum, or rejected it. */
async function addApproval(
  test: TestPlatform,
  tenant: TestTenant,
  runId: string,
  status: 'pending' | 'rejected',
): Promise<string> {
  const id = randomUUID()
  await test.asSuperuser(
    `insert into approvals (tenant_id, id, run_id, step, agent, version, kind, tool, reason, arguments, arguments_hash,
        requested_by, approver_actors, approver_roles, quorum, allow_self, expires_at, on_expiry, status)
      values ($1, $2, $3, 'tool:2', 'agent', 1, 'tool', 'pay', $4, '{}', repeat('0', 64), 'somebody', '{}', '{}', 2, true,
        now() + interval '1 day', 'reject', $5)`,
    [tenant.id, id, runId, `the approval of ${tenant.name}`, status],
  )
  await test.asSuperuser(
    `insert into approval_decisions (tenant_id, approval_id, actor, decision, arguments_hash)
      values ($1, $2, 'somebody', case $3 when 'rejected' then 'reject' else 'approve' end, repeat('0', 64))`,
    [tenant.id, id, status],
  )
  return id
}

/** A promotion to production with a decision of somebody. */
async function addReleaseRequest(
  test: TestPlatform,
  tenant: TestTenant,
  agent: string,
  status: 'pending' | 'rejected',
): Promise<string> {
  const id = randomUUID()
  await test.asSuperuser(
    `insert into release_requests (tenant_id, id, agent, environment, version, replaces_version, after_number, comment, requested_by,
        required, status, decided_at)
      values ($1, $2, $3, 'production', 2, 1, 1, $4, 'somebody else', 3, $5,
        case when $5::text = 'rejected' then now() end)`,
    [tenant.id, id, agent, `the release request of ${tenant.name}`, status],
  )
  await test.asSuperuser(
    `insert into release_decisions (tenant_id, request_id, actor, decision)
      values ($1, $2, 'somebody', case $3::text when 'rejected' then 'reject' else 'approve' end)`,
    [tenant.id, id, status],
  )
  return id
}

/** A call of a run that counts as lost, and the period of a budget that it is booked in. */
async function bookLostCall(test: TestPlatform, tenantId: string, budgetId: string, runId: string): Promise<void> {
  await test.asSuperuser(
    `insert into budget_windows (tenant_id, budget_id, subject, window_start, window_end, spent_requests)
       select $1::uuid, $2::uuid, $1::text, starts_at, ends_at, 1 from budget_period('month', now(), 'UTC')
       on conflict do nothing`,
    [tenantId, budgetId],
  )
  await test.asSuperuser(
    `insert into budget_reservations (tenant_id, id, run_id, step, model, lease_token, input_tokens, output_tokens,
         windows, lost)
       values ($1, gen_random_uuid(), $2, 'model:2', 'demo', 1, 1, 1, '[]', true)`,
    [tenantId, runId],
  )
}

/** Puts a tenant on a plan under which its runs are counted, and measures its storage, once. */
async function limitTenant(test: TestPlatform, tenant: TestTenant): Promise<void> {
  const operator = test.client(test.operatorKey)
  const body = { weight: 1, maxRunningRuns: 100, maxQueuedRuns: 10_000, quotas: { runsPerMonth: 1_000_000 } }
  await operator.putPlan({ params: { name: 'counted' }, body })
  await operator.setTenantPlan({ params: { id: tenant.id }, body: { plan: 'counted' } })
  await test.client(tenant.key).getLimits()
  await test.asSuperuser(`update storage_measures set next_at = 'infinity' where tenant_id = $1`, [tenant.id])
}

/** Every row of a tenant in every table, to compare before and after. */
export async function snapshotTenant(test: TestPlatform, tenantId: string): Promise<Record<string, unknown[]>> {
  const tables = await test.asSuperuser<{ name: string; key: string }>(
    `select c.relname::text as name, a.attname::text as key from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
        and (a.attname = 'tenant_id' or (c.relname = 'tenants' and a.attname = 'id'))`,
  )
  const rows: Record<string, unknown[]> = {}
  for (const { name, key } of tables) {
    rows[name] = await test.asSuperuser(`select to_jsonb(t)::text as row from ${name} t where ${key} = $1 order by 1`, [
      tenantId,
    ])
  }
  return rows
}
