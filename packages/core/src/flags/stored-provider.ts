import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
} from '@openfeature/server-sdk'
import type { Database } from '../db/database.ts'
import { decide } from './decide.ts'
import { selectFlag, toFlag } from './flags.ts'

/** Flags from the database, for OpenFeature. The context says whose, as `Flags.bind` made it. */
export function createStoredProvider(database: Database): Provider {
  async function resolve<T extends JsonValue>(
    name: string,
    fallback: T,
    { targetingKey, ...attributes }: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    const at = { name, environment: String(attributes.environment) }
    const row = await database.withTenant(String(attributes.tenantId), (tx) => selectFlag(tx, at).executeTakeFirst())
    if (!row) return { value: fallback, reason: 'ERROR', errorCode: ErrorCode.FLAG_NOT_FOUND }
    const flag = toFlag(row)
    if (flag.type !== typeof fallback) return { value: fallback, reason: 'ERROR', errorCode: ErrorCode.TYPE_MISMATCH }
    const decision = decide(flag, { targetingKey, attributes })
    if (decision.reason === 'DISABLED') {
      return { value: flag.type === 'boolean' ? (false as T) : fallback, reason: decision.reason }
    }
    if (decision.reason === 'TARGETING_KEY_MISSING') {
      return { value: fallback, reason: 'ERROR', errorCode: ErrorCode.TARGETING_KEY_MISSING }
    }
    const { variant, reason } = decision
    // All variants of a flag are of its type, which `putFlagSchema` sees to.
    return { value: flag.variants[variant] as T, variant, reason }
  }
  return {
    metadata: { name: 'freehold' },
    runsOn: 'server',
    resolveBooleanEvaluation: resolve,
    resolveStringEvaluation: resolve,
    resolveNumberEvaluation: resolve,
    resolveObjectEvaluation: resolve,
  }
}
