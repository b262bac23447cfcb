// What every engine is measured through. Each is in a file of its own, exports `open`, and runs in a worker process of
// its own (worker.ts).

/** Where an engine keeps its runs. */
export type Store =
  | { kind: 'postgres'; url: string }
  | { kind: 'restate'; ingressUrl: string; adminUrl: string; servicePort: number }

/**
 * A run is `loops` tool loops: one durable `model` step, then one durable `tool` step. A step counts as done when its
 * answer would survive the end of the process, and the next one starts only then.
 */
export interface Engine {
  /** Starts a run under a name and resolves with the engine's id for it once its end is durable. */
  run(name: string, loops: number): Promise<string>
  /** Resolves with the id once the run that another process left unfinished has ended. */
  resume(name: string, loops: number): Promise<string>
  /** Reads a finished run with all its steps, as the engine's own UI does. Resolves with the number of steps. */
  load(id: string): Promise<number>
  /** Statements sent to PostgreSQL so far, transaction control included; null where there is none. */
  statements(): number | null
  close(): Promise<void>
}
