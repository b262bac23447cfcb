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
  /** How often the flags are asked for; every 15 s when absent. */
  refreshMs?: number
}

/** How long the start waits for the flags. Later they are asked for again and again. */
const patienceMs = 5_000

/**
 * Flags from Unleash, for OpenFeature. The tenant and the environment are properties of the context, by which strategies
 * tell them apart; a boolean is whether the flag is on, anything else is the payload of a variant.
 */
export function createUnleashProvider(options: UnleashOptions): Provider {
  const connection = createConnection(options)

  async function resolve<T extends JsonValue>(
    name: string,
    fallback: T,
    context: EvaluationContext,
  ): Promise<ResolutionDetails<T>> {
    const unleash = connection.current()
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
      await once(connection.open(), 'synchronized', { signal: AbortSignal.timeout(patienceMs) })
    },
    async onClose() {
      connection.close()
    },
    resolveBooleanEvaluation: resolve,
    resolveStringEvaluation: resolve,
    resolveNumberEvaluation: resolve,
    resolveObjectEvaluation: resolve,
  }
}

/**
 * The client of Unleash gives up for good when it is refused once, be it by a proxy or by a token that is not known yet. So
 * after an error another one is opened, which takes the place of the first when it has the flags.
 */
function createConnection({ url, token, onError, refreshMs = 15_000 }: UnleashOptions) {
  let current: Unleash | undefined
  let next: Unleash | undefined
  let retry: NodeJS.Timeout | undefined
  let closed = false

  function open(): Unleash {
    const opened = new Unleash({
      url: `${url.replace(/\/$/, '')}/api`,
      appName: 'freehold',
      customHeaders: { Authorization: token },
      refreshInterval: refreshMs,
      // Nothing of ours is to stand in the temporary folder of the machine.
      storageProvider: new InMemStorageProvider(),
      disableMetrics: true,
    })
    next?.destroy()
    next = opened
    opened.on('warn', () => {})
    opened.on('error', (error: Error) => {
      // What was under way when it was closed.
      if (closed) return
      onError?.(error)
      clearTimeout(retry)
      retry = setTimeout(open, refreshMs)
    })
    opened.once('synchronized', () => {
      current?.destroy()
      current = opened
      next = undefined
    })
    return opened
  }

  return {
    open,
    current: () => current,
    close() {
      closed = true
      clearTimeout(retry)
      current?.destroy()
      next?.destroy()
    },
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
