import { join } from 'node:path'
import type { Client } from '@freehold/contracts'
import {
  asSuperuser,
  type Cluster,
  type EffectLedger,
  type ModelQuestionOnWire,
  type ScriptedAnswer,
  type ScriptedModel,
  type ServerProcess,
  startCluster,
  startEffectLedger,
  startScriptedModel,
  waitFor,
} from '@freehold/testkit'

/** A cluster of real processes, a ledger that counts side effects, and a model that asks for them. */
export interface Ground extends AsyncDisposable {
  cluster: Cluster
  ledger: EffectLedger
  model: ScriptedModel
}

export interface GroundOptions {
  workers: number
  leaseMs: number
  /** Runs that a worker executes at once. */
  concurrency?: number
  env?: Record<string, string>
  workerEnv?: Record<string, string>
  /** How the model answers; `pay` when absent. */
  answer?: (ledger: EffectLedger, question: ModelQuestionOnWire, toolResults: number) => ScriptedAnswer
}

export async function openGround(options: GroundOptions): Promise<Ground> {
  await using stack = new AsyncDisposableStack()
  const ledger = stack.use(await startEffectLedger())
  const answer = options.answer ?? pay
  const model = stack.use(await startScriptedModel((question, toolResults) => answer(ledger, question, toolResults)))
  const cluster = stack.use(
    await startCluster({
      workers: options.workers,
      main: join(import.meta.dirname, 'server.ts'),
      env: {
        FREEHOLD_LEASE_MS: String(options.leaseMs),
        FREEHOLD_WORKER_CONCURRENCY: String(options.concurrency ?? 32),
        FREEHOLD_RATE_LIMIT_PER_MINUTE: '1000000',
        FREEHOLD_LOG_LEVEL: 'warn',
        FREEHOLD_EGRESS_ALLOW: ledger.host,
        OPENAI_API_KEY: 'scripted',
        OPENAI_BASE_URL: model.url,
        ...options.env,
      },
      ...(options.workerEnv && { workerEnv: options.workerEnv }),
    }),
  )
  await createAgent(cluster.client, 'payer', { tools: ['http_request'] })
  const resources = stack.move()
  return { cluster, ledger, model, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

type AgentBody = Parameters<Client['createAgent']>[0]['body']

export async function createAgent(client: Client, name: string, config: Omit<AgentBody, 'name'> = {}): Promise<void> {
  await client.createAgent({
    body: { name, ...config, limits: { maxSteps: 1_000, maxAttempts: 100, ...config.limits } },
  })
}

/** What a run of the agent `payer` is told: pay `count` times, one after the other, at paths of its own. */
export const payment = (label: string, count: number): string => `pay ${label} ${count}`

/** The paths at the ledger that such a run posts to. */
export const paymentPaths = (label: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `/${label}/${index + 1}`)

function pay(ledger: EffectLedger, { messages }: ModelQuestionOnWire, toolResults: number): ScriptedAnswer {
  const [, label = '', count] = (messages.findLast(({ role }) => role === 'user')?.content ?? '').split(' ')
  if (toolResults >= Number(count)) return { text: 'all paid' }
  const input = { url: `${ledger.url}/${label}/${toolResults + 1}`, method: 'POST', body: { amount: 1 } }
  return { toolCalls: [{ id: `call_${toolResults + 1}`, name: 'http_request', input }] }
}

/** The workers that are ready, as soon as there are so many. */
export function untilWorkers(cluster: Cluster, count: number): Promise<ServerProcess[]> {
  return waitFor(() => cluster.workers.length >= count && cluster.workers, { timeoutMs: 120_000, what: 'workers' })
}

/** The worker that has most runs under way, as soon as one has any: a fault there surely cuts something off. */
export function untilBusyWorker(cluster: Cluster): Promise<ServerProcess> {
  const find = async () => {
    const rows = await asSuperuser<{ worker: string }>(
      cluster.databaseUrl,
      `select worker from agent_runs where status = 'running' group by worker order by count(*) desc`,
    )
    const pids = rows.map(({ worker }) => Number(worker.split(':').at(-2)))
    return pids.flatMap((pid) => cluster.workers.filter((worker) => worker.pid === pid))[0]
  }
  return waitFor(find, { timeoutMs: 120_000, what: 'a worker with a run under way' })
}
