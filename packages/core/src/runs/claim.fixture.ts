import type { TestPlatform, TestTenant } from '@freehold/testkit'
import { type ClaimedRun, claimRuns } from './claim-runs.ts'
import { finishRun } from './end-run.ts'

export function claimSome(platform: TestPlatform, limit: number): Promise<ClaimedRun[]> {
  return claimRuns(platform.database, { worker: 'worker', limit, leaseMs: 60_000 })
}

export function finishClaimed(platform: TestPlatform, run: ClaimedRun): Promise<void> {
  const end = { type: 'run.succeeded', data: { output: 1 } } as const
  const append = { after: run.lastSeq, events: [end] }
  return finishRun(platform.database, run.lease, {
    ...append,
    status: 'succeeded',
    output: 1,
    error: null,
    messages: [],
    hasParent: run.parentRunId !== null,
  })
}

/** Queues runs in one statement, the first of `priorities` as the oldest. */
export async function queueRuns(
  platform: TestPlatform,
  tenant: TestTenant,
  priorities: readonly number[],
): Promise<void> {
  await platform.asSuperuser(
    `select start_run($1, gen_random_uuid(), 'assistant', 'production', gen_random_uuid()::text, 'hello', jsonb_build_object('n', n::text),
        600000, 'test', 'test', p_priority => priority::smallint)
       from unnest($2::int[]) with ordinality as wanted (priority, n)`,
    [tenant.id, `{${priorities.join(',')}}`],
  )
  await platform.asSuperuser(
    `update agent_runs set available_at = now() - interval '1 hour' + (metadata ->> 'n')::int * interval '1 second'
      where tenant_id = $1 and status = 'queued'`,
    [tenant.id],
  )
}
