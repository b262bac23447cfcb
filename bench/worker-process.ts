import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { WorkerCalls } from './engines/worker.ts'

export interface WorkerProcess {
  /** One call at a time. Rejects when the call fails or the process ends before it answers. */
  call<M extends keyof WorkerCalls>(
    method: M,
    ...args: Parameters<WorkerCalls[M]>
  ): Promise<Awaited<ReturnType<WorkerCalls[M]>>>
  /** Resolves when the process is gone. */
  stop(): Promise<void>
}

/** The engines by the modules that open them. Those in peers/ need `npm ci` in this folder. */
const modules = {
  freehold: './freehold.ts',
  'freehold-no-sharing': './freehold-no-sharing.ts',
  langgraph: '../peers/langgraph.ts',
  dbos: '../peers/dbos.ts',
  restate: '../peers/restate.ts',
} as const
export type EngineName = keyof typeof modules
export const engineNames = Object.keys(modules) as EngineName[]

/** A worker process for one engine. */
export function startWorker(engine: EngineName): WorkerProcess {
  const child = fork(join(import.meta.dirname, 'engines/worker.ts'), [modules[engine]])
  const exited = once(child, 'exit')
  return {
    async call(method, ...args) {
      child.send({ method, args })
      const died = exited.then(([code, signal]) => {
        throw new Error(`the worker process of ${engine} ended with ${signal ?? code}`)
      })
      died.catch(() => {})
      const [answer] = await Promise.race([once(child, 'message'), died])
      if (answer.error) throw new Error(answer.error)
      return answer.result
    },
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
