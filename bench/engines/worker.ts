// The worker process of one engine, given as the module that opens it. It does what worker-process.ts asks of it.
import type { Engine, Store } from './engine.ts'
import { keepLedger } from './tool-loop.ts'

export interface Cell {
  loops: number
  concurrency: number
  /** Runs that each slot executes, one after the other. */
  waves: number
}

export interface CellCost {
  seconds: number
  /** Of this process, in seconds. */
  cpuSeconds: number
  statements: number | null
  /** Engine's id of one of the runs. */
  lastRun: string
}

/** What can be asked of a worker process. */
export interface WorkerCalls {
  open(store: Store): Promise<void>
  execute(cell: Cell): Promise<CellCost>
  /** Milliseconds that each reading took. */
  load(id: string, loops: number, times: number): Promise<number[]>
  keepLedger(path: string, dieAfter: number): Promise<void>
  run(name: string, loops: number): Promise<string>
  resume(name: string, loops: number): Promise<string>
  close(): Promise<void>
}

const [module = ''] = process.argv.slice(2)
const { open } = (await import(module)) as { open(store: Store): Promise<Engine> }
let opened: Engine | undefined
let runs = 0

const calls: WorkerCalls = {
  async open(store) {
    opened = await open(store)
  },
  async execute({ loops, concurrency, waves }) {
    const engine = theEngine()
    const statements = engine.statements()
    const cpu = process.cpuUsage()
    const startedAt = performance.now()
    let lastRun = ''
    const slot = async () => {
      for (let wave = 0; wave < waves; wave += 1) {
        runs += 1
        lastRun = await engine.run(`${process.pid}-${runs}`, loops)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, slot))
    const seconds = (performance.now() - startedAt) / 1000
    const { user, system } = process.cpuUsage(cpu)
    return {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      statements: statements === null ? null : (engine.statements() ?? 0) - statements,
      lastRun,
    }
  },
  async load(id, loops, times) {
    const took: number[] = []
    for (let time = 0; time < times; time += 1) {
      const startedAt = performance.now()
      const steps = await theEngine().load(id)
      took.push(performance.now() - startedAt)
      if (steps !== 2 * loops) throw new Error(`found ${steps} steps of a run that had ${2 * loops}`)
    }
    return took
  },
  async keepLedger(path, dieAfter) {
    keepLedger(path, dieAfter)
  },
  run: (runName, loops) => theEngine().run(runName, loops),
  resume: (runName, loops) => theEngine().resume(runName, loops),
  async close() {
    await theEngine().close()
  },
}

process.on('message', async ({ method, args }: { method: keyof WorkerCalls; args: never[] }) => {
  try {
    const call = calls[method] as (...args: never[]) => Promise<unknown>
    process.send?.({ result: await call(...args) })
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.stack : String(error) })
  }
})
process.on('disconnect', () => process.exit())

function theEngine(): Engine {
  if (!opened) throw new Error('the engine is not open')
  return opened
}
