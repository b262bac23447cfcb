import { once } from 'node:events'
import {
  ErrorCode,
  type EvaluationContext,
  type JsonValue,
  type Provider,
  type ResolutionDetails,
} from '@openfeature/server-sdk'
import { type Context, InMemStorageProvider, Unleash } from 'unleash-client'

export interface UnleashOptions {
  /** Of the server, without `/api`. */
  url: string
  /** A client token; Unleash binds it to one of its environments. */
  token: string
  onError?: (error: Error) => void
}

/** How long the start waits for the flags. Later they are asked for again and again. */
const patienceMs = 5_000

/**
 * Flags from Unleash, for OpenFeature. The tenant and the environment are properties of the context, by which strategies
 * tell them apart; a boolean is whether the flag is on, anything else is the payload of a variant.
 */
export function createUnleashProvider({ url, token, onError }: UnleashOptions): Provider {
  let unleash: Unleash | undefined

  async function resolve<T extends JsonValue>(
    name: string,
    fallback: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    if (!unleash?.isSynchronized()) return failure(fallback, ErrorCode.PROVIDER_NOT_READY)
    if (!unleash.getFeatureToggleDefinition(name)) return failure(fallback, ErrorCode.FLAG_NOT_FOUND)
    const asked = toUnleash(context)
    if (typeof fallback === 'boolean') {
      return { value: unleash.isEnabled(name, asked) as T, reason: 'TARGETING_MATCH' }
    }
    const { enabled, name: variant, payload } = unleash.getVariant(name, asked)
    if (!enabled) return { value: fallback, reason: 'DISABLED' }
    const value = payload && readPayload(payload.value, typeof fallback)
    if (value === undefined) return failure(fallback, ErrorCode.TYPE_MISMATCH)
    return { value: value as T, variant, reason: 'TARGETING_MATCH' }
  }

  return {
    metadata: { name: 'unleash' },
    runsOn: 'server',
    async initialize() {
      unleash = new Unleash({
        url: `${url.replace(/\/$/, '')}/api`,
        appName: 'freehold',
        customHeaders: { Authorization: token },
        // Nothing of ours is to stand in the temporary folder of the machine.
        storageProvider: new InMemStorageProvider(),
        disableMetrics: true,
      })
      unleash.on('error', (error: Error) => onError?.(error))
      unleash.on('warn', () => {})
      await once(unleash, 'synchronized', { signal: AbortSignal.timeout(patienceMs) })
    },
    async onClose() {
      unleash?.destroy()
    },
    resolveBooleanEvaluation: resolve,
    resolveStringEvaluation: resolve,
    resolveNumberEvaluation: resolve,
    resolveObjectEvaluation: resolve,
  }
}

function failure<T>(value: T, errorCode: ErrorCode): ResolutionDetails<T> {
  return { value, reason: 'ERROR', errorCode }
}

function toUnleash({ targetingKey, environment, ...attributes }: EvaluationContext): Context {
  const properties = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]))
  // The client has an environment of its own, which would go before a property.
  return { ...(targetingKey !== undefined && { userId: targetingKey }), environment: String(environment), properties }
}

/** Undefined for what is not of the type. */
function readPayload(text: string, type: string): JsonValue | undefined {
  if (type === 'string') return text
  try {
    const value: JsonValue = JSON.parse(text)
    return typeof value === type && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
