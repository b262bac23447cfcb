import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAgentSchema, isTerminalStatus } from '@freehold/contracts'
import {
  type Bus,
  type Caller,
  createAgent,
  createFolderObjects,
  createPostgresVault,
  createSecretCipher,
  createStoredProvider,
  createTenant,
  getRun,
  LocalBus,
  listRunEvents,
  listTenants,
  openDatabase,
  openFlags,
  startRun,
} from '@freehold/core'
import { createToolRegistry, defineProgram, type ProgramRun, Worker } from '@freehold/runtime'
import type { Engine, Store } from './engine.ts'
import { countStatements } from './statements.ts'
import { askModel, callTool } from './tool-loop.ts'

const concurrency = 32
const eventsPerPage = 500
/** The product's own driver, which is not the peers'. */
const pg = createRequire(import.meta.resolve('@freehold/core'))('pg')

export function open(store: Store): Promise<Engine> {
  return openFreehold(store, true)
}

/** As `open`, or with one commit per step when `sharedCommits` is false. */
export async function openFreehold(store: Store, sharedCommits: boolean): Promise<Engine> {
  if (store.kind !== 'postgres') throw new Error('Freehold keeps its runs in PostgreSQL')
  const statements = countStatements(pg)
  const database = await openDatabase({ url: store.url, dataDir: tmpdir(), poolSize: concurrency, migrate: true })
  const bus = new LocalBus()
  const program = defineProgram('tool-loop', repeatToolLoop)
  const secrets = createSecretCipher(randomBytes(32))
  const vault = createPostgresVault(database, secrets)
  const flags = await openFlags('stored', createStoredProvider(database))
  const objects = createFolderObjects(join(tmpdir(), 'freehold-none'))
  const platform = {
    database,
    bus,
    secrets,
    vault,
    objects,
    findRefusal: async () => undefined,
    catalogue: { programs: [program.name], providers: [], tools: [] },
  }
  const caller = await openTenant(platform)
  const logger = { info: () => {}, warn: console.warn, error: console.error }
  const worker = new Worker(
    {
      database,
      vault,
      flags,
      bus,
      programs: new Map([[program.name, program]]),
      tools: createToolRegistry(),
      callModel: () => Promise.reject(new Error('the benchmark asks no model')),
      operatorAllow: [],
      logger,
      leaseMs: 15_000,
    },
    { concurrency, pollMs: 1_000, sharedCommits },
  )
  worker.start()
  const start = (name: string, loops: number) =>
    startRun(caller, {
      agent: 'looper',
      message: String(loops),
      environment: 'production',
      metadata: {},
      clientKey: name,
    })
  return {
    async run(name, loops) {
      const { runId } = await start(name, loops)
      await ended(bus, runId)
      return runId
    },
    async resume(name, loops) {
      const { runId } = await start(name, loops) // the same key finds the same run
      const { status } = await getRun(caller, runId)
      if (!isTerminalStatus(status)) await ended(bus, runId)
      return runId
    },
    async load(id) {
      const [{ status, steps }] = await Promise.all([getRun(caller, id), readEvents(caller, id)])
      if (status !== 'succeeded') throw new Error(`Freehold has ${id} as ${status}`)
      return steps.length
    },
    statements,
    async close() {
      await worker.stop(0)
      await bus.close()
      await database.close()
    },
  }
}

async function repeatToolLoop(run: ProgramRun): Promise<number> {
  const loops = Number(run.message)
  for (let loop = 1; loop <= loops; loop += 1) {
    await run.step('model', () => askModel(loop))
    await run.step('tool', () => callTool(loop))
  }
  return loops
}

/** The benchmark's tenant with its agent; the one that is there when a worker process before this one has died. */
async function openTenant(platform: Caller['platform']): Promise<Caller> {
  const operator: Caller = {
    platform,
    actor: { kind: 'operator', id: 'bench', name: 'bench' },
    tenantId: null,
    permissions: new Set(['platform:tenants:read', 'platform:tenants:write']),
    roles: [],
    requestId: 'bench',
  }
  const [known] = (await listTenants(operator, { limit: 1 })).items
  const { id: tenantId } = known ?? (await createTenant(operator, { name: 'bench' }))
  const caller: Caller = {
    ...operator,
    tenantId,
    permissions: new Set(['agents:write', 'runs:start', 'runs:read']),
  }
  if (!known) {
    const limits = { maxSteps: 1_000 }
    await createAgent(caller, createAgentSchema.parse({ name: 'looper', program: 'tool-loop', limits }))
  }
  return caller
}

function ended(bus: Bus, runId: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = bus.onRun(runId, (message) => {
      if (message.kind !== 'run' || !message.ended) return
      stop()
      resolve()
    })
  })
}

async function readEvents(caller: Caller, id: string): Promise<void> {
  for (let after = 0; ; ) {
    const { items } = await listRunEvents(caller, id, { after, limit: eventsPerPage })
    if (items.length < eventsPerPage) return
    after = items.at(-1)?.seq ?? after
  }
}
