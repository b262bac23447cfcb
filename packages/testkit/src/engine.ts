import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AgentConfig,
  type AgentLimits,
  agentConfigSchema,
  isTerminalEvent,
  platformPermissions,
  type Run,
  type RunEvent,
  type RunPriority,
  type TextDelta,
  tenantPermissions,
} from '@freehold/contracts'
import {
  type Bus,
  type Caller,
  createAgent,
  createFolderObjects,
  createPostgresVault,
  createSecretCipher,
  createStoredProvider,
  createTenant,
  type Database,
  getRun,
  LocalBus,
  openDatabase,
  openFlags,
  readJournal,
  startRun,
  watchRun,
} from '@freehold/core'
import type { CallModel, Program, Scheduler, Tool, Worker, WorkerOptions } from '@freehold/runtime'
import { asSuperuser } from './postgres.ts'
import { waitFor } from './wait-for.ts'

export interface TestEngineOptions {
  /** A migrated PostgreSQL database, as its superuser. */
  databaseUrl: string
  programs?: readonly Program[]
  tools?: readonly Tool[]
  callModel?: CallModel
  leaseMs?: number
  /** The bus of this "process"; one that nobody else hears when absent. */
  bus?: (database: Database) => Bus | Promise<Bus>
  webhooks?: {
    /** What would be `FREEHOLD_EGRESS_ALLOW`. */
    egressAllow?: string
    retryDelaysMs?: readonly number[]
  }
}

export interface TestWorkerOptions extends Partial<WorkerOptions> {
  /** What the worker takes for the database; the engine's own when absent. */
  database?: Database
  leaseMs?: number
}

export interface LoggedLine {
  level: 'info' | 'warn' | 'error'
  message: string
  fields: Record<string, unknown>
}

/** Workers in this process on a PostgreSQL database, with one tenant and an agent for each program. */
export interface TestEngine extends AsyncDisposable {
  database: Database
  bus: Bus
  caller: Caller
  tenantId: string
  logs: LoggedLine[]
  newTenant(name: string): Promise<Caller>
  newAgent(caller: Caller, name: string, options?: TestAgentOptions): Promise<void>
  /** Stopped with the engine. */
  worker(options?: TestWorkerOptions): Promise<Worker>
  /** Fires schedules. Stopped with the engine. */
  scheduler(options?: { database?: Database; pollMs?: number }): Scheduler
  start(agent: string, input?: TestRunInput): Promise<string>
  run(runId: string): Promise<Run>
  journal(runId: string): Promise<RunEvent[]>
  until(runId: string, matches: (event: RunEvent) => boolean): Promise<RunEvent>
  /** Waits for the end of a run and returns it. */
  ended(runId: string): Promise<RunEvent>
  watch(runId: string, signal: AbortSignal): AsyncGenerator<RunEvent | TextDelta>
  /** Ends the leases of all running runs now, as if their time had passed. */
  expireLeases(): Promise<void>
  /** Lets the next attempts of all runs begin now, as if their backoff had passed. */
  skipBackoff(): Promise<void>
  sql<Row>(text: string, values?: unknown[]): Promise<Row[]>
}

export interface TestAgentOptions {
  program?: string
  tools?: readonly string[]
  limits?: Partial<AgentLimits>
  approvals?: Partial<AgentConfig['approvals']>
}

export interface TestRunInput {
  caller?: Caller
  message?: string
  deadlineMs?: number
  priority?: RunPriority
}

export async function startTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const runtime = await import('@freehold/runtime')
  const dataDir = await mkdtemp(join(tmpdir(), 'freehold-engine-'))
  const database = await openDatabase({ url: options.databaseUrl, dataDir, poolSize: 8, migrate: false })
  const bus = (await options.bus?.(database)) ?? new LocalBus()
  const { engine, platform, logs } = await assembleEngine(runtime, database, bus, dataDir, options)
  const operator: Caller = {
    platform,
    actor: { kind: 'operator', id: 'test', name: 'test' },
    tenantId: null,
    permissions: new Set(platformPermissions),
    roles: [],
    requestId: 'test-request',
  }
  const workers: Worker[] = []
  const schedulers: Scheduler[] = []
  const newTenant = async (name: string): Promise<Caller> => {
    const { id } = await createTenant(operator, { name })
    const actor = { kind: 'api_key' as const, id: 'test', name: 'test' }
    return { ...operator, actor, tenantId: id, permissions: new Set(tenantPermissions) }
  }
  const newAgent: TestEngine['newAgent'] = async (
    caller,
    name,
    { program = name, tools: names, limits, approvals } = {},
  ) => {
    const own = (options.tools ?? []).map((tool) => tool.name)
    const config = agentConfigSchema.parse({ program, tools: [...(names ?? [...own, 'delegate'])], limits, approvals })
    await createAgent(caller, { name, ...config })
  }
  const caller = await newTenant('acme')
  for (const { name } of options.programs ?? []) await newAgent(caller, name)
  const tenantId = caller.tenantId ?? ''
  const sql: TestEngine['sql'] = (text, values) => asSuperuser(options.databaseUrl, text, values)
  const journal = (runId: string) => readJournal(database, { tenantId, runId }, 0, 10_000)
  const until: TestEngine['until'] = (runId, matches) =>
    waitFor(async () => (await journal(runId)).find(matches), { pollMs: 10, timeoutMs: 20_000, what: 'an event' })

  return {
    database,
    bus,
    caller,
    tenantId,
    logs,
    newTenant,
    newAgent,
    async worker({ database: other, leaseMs, ...chosen } = {}) {
      const worker = new runtime.Worker(
        { ...engine, database: other ?? database, leaseMs: leaseMs ?? options.leaseMs ?? 60_000 },
        { concurrency: 8, pollMs: 50, ...chosen },
      )
      worker.start()
      workers.push(worker)
      return worker
    },
    scheduler({ database: other, pollMs = 20 } = {}) {
      const scheduler = new runtime.Scheduler({ ...engine, database: other ?? database }, { pollMs })
      scheduler.start()
      schedulers.push(scheduler)
      return scheduler
    },
    async start(agent, { caller: starter = caller, message = 'go', deadlineMs, priority = 'normal' } = {}) {
      const input = { agent, message, environment: 'production' as const, metadata: {}, deadlineMs, priority }
      return (await startRun(starter, input)).runId
    },
    run: (runId) => getRun(caller, runId),
    journal,
    until,
    ended: (runId) => until(runId, isTerminalEvent),
    async *watch(runId, signal) {
      yield* await watchRun(caller, runId, { after: 0, signal })
    },
    async expireLeases() {
      await sql(`update agent_runs set available_at = now() - interval '1 second' where status = 'running'`)
    },
    async skipBackoff() {
      await sql(`update agent_runs set available_at = now() where status = 'queued' and available_at > now()`)
    },
    sql,
    async [Symbol.asyncDispose]() {
      await Promise.all(schedulers.map((scheduler) => scheduler.stop()))
      await Promise.all(workers.map((worker) => worker.stop(0)))
      await bus.close()
      await database.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function assembleEngine(
  runtime: typeof import('@freehold/runtime'),
  database: Database,
  bus: Bus,
  dataDir: string,
  options: TestEngineOptions,
) {
  const logs: LoggedLine[] = []
  const log = (level: LoggedLine['level']) => (fields: object, message: string) =>
    void logs.push({ level, message, fields: { ...fields } })
  const programs = [runtime.assistant, ...(options.programs ?? [])]
  const tools = runtime.createToolRegistry(options.tools)
  const secrets = createSecretCipher(randomBytes(32))
  const vault = createPostgresVault(database, secrets)
  const { egressAllow = '', ...retries } = options.webhooks ?? {}
  const operatorAllow = runtime.parseEgressAllow(egressAllow)
  const delivery = runtime.createWebhookDelivery({ database, secrets, operatorAllow, ...retries })
  const engine = {
    bus,
    vault,
    flags: await openFlags('stored', createStoredProvider(database)),
    programs: new Map([...programs, delivery].map((program) => [program.name, program])),
    tools,
    callModel: options.callModel ?? runtime.createModelCaller({ compatible: {} }),
    operatorAllow: [],
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
  }
  const platform = {
    database,
    bus,
    secrets,
    vault,
    objects: createFolderObjects(join(dataDir, 'objects')),
    findRefusal: (url: string) => runtime.findRefusal(url, operatorAllow),
    catalogue: {
      programs: programs.map(({ name }) => name),
      providers: runtime.describeModels({ compatible: {} }).providers.map(({ name }) => name),
      tools: tools.list().map((tool) => tools.describe(tool)),
    },
  }
  return { engine, platform, logs }
}

/** A database whose calls a test can watch, cut off, or make fail after they were done. */
export interface TappedDatabase {
  database: Database
  /** The names of the statements that were sent, in order. */
  calls: string[]
  /** Asked before each statement; what it throws is what the caller gets instead. */
  before: (name: string, count: number, values: readonly unknown[]) => void
  /** Asked when a statement has been done; what it throws is what the caller gets instead. */
  after: (name: string, count: number) => void
}

export function tapDatabase(target: Database): TappedDatabase {
  const tapped: TappedDatabase = { database: target, calls: [], before: () => {}, after: () => {} }
  const call = async (...args: Parameters<Database['call']>) => {
    const count = tapped.calls.push(args[0])
    tapped.before(args[0], count, args[2])
    const rows = await target.call(...args)
    tapped.after(args[0], count)
    return rows
  }
  tapped.database = new Proxy(target, {
    get(_, property) {
      if (property === 'call') return call
      const value: unknown = Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return tapped
}
