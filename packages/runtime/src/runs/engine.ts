import type { Bus, ClaimedRun, Database, Flags, Vault } from '@freehold/core'
import type { EgressRule } from '../egress/index.ts'
import type { CallModel } from '../models/index.ts'
import type { ToolRegistry } from '../tools/index.ts'
import type { Program } from './program.ts'

/** The part of a logger that the engine uses; pino fits. */
export interface Logger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What executing a run needs. */
export interface Engine {
  database: Database
  vault: Vault
  flags: Flags
  bus: Bus
  programs: ReadonlyMap<string, Program>
  tools: ToolRegistry
  callModel: CallModel
  operatorAllow: readonly EgressRule[]
  logger: Logger
  leaseMs: number
}

/** What a log line about a run says of it. */
export function logFields({ lease, requestId, attempt }: ClaimedRun) {
  return { runId: lease.runId, tenantId: lease.tenantId, requestId, attempt }
}
