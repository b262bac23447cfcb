// What a claim costs behind a short and behind a long backlog, in one run on one server.
// `npm run bench -- claim [--rounds 60]`
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createAgentSchema } from '@freehold/contracts'
import {
  type Caller,
  claimRuns,
  createAgent,
  createFolderObjects,
  createPostgresVault,
  createSecretCipher,
  createTenant,
  finishRun,
  LocalBus,
  openDatabase,
  startRun,
} from '@freehold/core'
import { asSuperuser, startPostgres } from '@freehold/testkit'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } })
const rounds = Number(values.rounds)
const backlogs = [1_000, 200_000]
const perClaim = 10
const warmUps = 20

const server = await startPostgres()
try {
  const url = await server.createDatabase()
  const database = await openDatabase({ url, dataDir: server.folder, poolSize: 4, migrate: true })
  const tenantId = await prepare(database)
  const measured: { claimMs: number; finishMs: number }[] = []
  let queued = 0
  for (const backlog of backlogs) {
    await pile(url, tenantId, backlog - queued)
    await asSuperuser(url, 'vacuum analyze')
    await measure(warmUps)
    await asSuperuser(url, 'checkpoint')
    const { claimMs, finishMs } = await measure(rounds)
    queued = backlog - perClaim * (rounds + warmUps)
    measured.push({ claimMs, finishMs })
    const each = (ms: number) => `${ms.toFixed(2)} ms, ${((ms / perClaim) * 1000).toFixed(0)} µs a run`
    console.log(`backlog ${backlog}: median claim of ${perClaim} runs ${each(claimMs)}; their ends ${each(finishMs)}`)
  }
  const [short, long] = measured
  if (short && long)
    console.log(
      `a claim behind ${backlogs[1]} runs costs ${(long.claimMs / short.claimMs).toFixed(2)} × one behind ${backlogs[0]}`,
    )
  await database.close()

  async function measure(count: number): Promise<{ claimMs: number; finishMs: number }> {
    const claims: number[] = []
    const ends: number[] = []
    for (let round = 0; round < count; round += 1) {
      const startedAt = performance.now()
      const runs = await claimRuns(database, { worker: 'bench', limit: perClaim, leaseMs: 60_000 })
      const claimedAt = performance.now()
      for (const run of runs) {
        await finishRun(database, run.lease, {
          after: run.lastSeq,
          events: [{ type: 'run.succeeded', data: { output: null } }],
          status: 'succeeded',
          output: null,
          error: null,
          messages: [],
          hasParent: false,
        })
      }
      claims.push(claimedAt - startedAt)
      ends.push(performance.now() - claimedAt)
    }
    return { claimMs: median(claims), finishMs: median(ends) }
  }
} finally {
  await server.stop()
}

/** A tenant with an agent and one run of it, which the backlog is copied from. */
async function prepare(database: Awaited<ReturnType<typeof openDatabase>>): Promise<string> {
  const secrets = createSecretCipher(randomBytes(32))
  const operator: Caller = {
    platform: {
      database,
      bus: new LocalBus(),
      secrets,
      vault: createPostgresVault(database, secrets),
      objects: createFolderObjects(join(tmpdir(), 'freehold-none')),
      findRefusal: async () => undefined,
      catalogue: { programs: ['assistant'], providers: [], tools: [] },
    },
    actor: { kind: 'operator', id: 'bench', name: 'bench' },
    tenantId: null,
    permissions: new Set(['platform:tenants:write']),
    roles: [],
    requestId: 'bench',
  }
  const { id: tenantId } = await createTenant(operator, { name: 'bench' })
  const caller: Caller = { ...operator, tenantId, permissions: new Set(['agents:write', 'runs:start']) }
  await createAgent(caller, createAgentSchema.parse({ name: 'bench' }))
  await startRun(caller, { agent: 'bench', message: 'the model', environment: 'production', metadata: {} })
  return tenantId
}

async function pile(url: string, tenantId: string, count: number): Promise<void> {
  await asSuperuser(
    url,
    `with model as (select * from agent_runs where tenant_id = $1 and message = 'the model'), run as (
       insert into agent_runs (tenant_id, id, template_id, agent, version, environment, thread_id, started_by, request_id,
           message, metadata, deadline_ms, deadline_at, root_run_id, principal)
         select m.tenant_id, run_id, m.template_id, m.agent, m.version, m.environment, m.thread_id, m.started_by,
                m.request_id, 'piled up', m.metadata, m.deadline_ms, now() + interval '1 day', run_id, m.principal
           from model m, (select gen_random_uuid() as run_id from generate_series(1, $2)) ids
       returning tenant_id, id
     )
     insert into run_heads (tenant_id, run_id, last_seq) select tenant_id, id, 1 from run`,
    [tenantId, count],
  )
}

function median(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? 0
}
