import { setTimeout as delay } from 'node:timers/promises'
import { BrokenCircuitError } from 'cockatiel'
import { attempt } from './attempt.ts'
import { type Breakers, createBreakers } from './breakers.ts'
import { answerAsDemo } from './demo-model.ts'
import { type MeteredAnswer, meteredAttempt } from './metered-attempt.ts'
import { type CallModel, ModelError, type ModelRequest } from './model.ts'
import type { ModelsConfig } from './models-config.ts'
import { ProviderFault } from './provider-fault.ts'
import { createProviders, type Providers, parseModelName, resolveDefaultModel } from './providers.ts'
import type { TenantKeys } from './tenant-keys.ts'

export interface ModelCallerOverrides {
  /** Requests to one model before the next of the chain is tried. */
  attemptsPerModel?: number
  /** First wait between two attempts; it doubles, with jitter. */
  backoffMs?: number
  maxBackoffMs?: number
  /** The longest that a provider's Retry-After is followed. */
  maxRetryAfterMs?: number
  breakerFailures?: number
  breakerOpenMs?: number
  /** Between two chunks of the demo model's text. */
  demoChunkMs?: number
  fetch?: typeof fetch
  /** Without them every call goes out with the installation's keys. */
  tenantKeys?: TenantKeys
}

const defaults = {
  attemptsPerModel: 3,
  backoffMs: 500,
  maxBackoffMs: 8_000,
  maxRetryAfterMs: 60_000,
  breakerFailures: 5,
  breakerOpenMs: 30_000,
  demoChunkMs: 4,
}

interface Caller {
  providers: Providers
  breakers: Breakers
  tenantKeys: TenantKeys | undefined
  options: typeof defaults
}

/** One call in progress. `attempts` counts over all models of the chain. */
interface Call {
  request: ModelRequest
  attempts: number
}

/**
 * Calls models with retries, a circuit breaker per tenant and provider and the request's fallbacks.
 * The caller rejects with `ModelError` when no model answered, and with the signal's reason when it aborts.
 */
export function createModelCaller(config: ModelsConfig, overrides: ModelCallerOverrides = {}): CallModel {
  const options = { ...defaults, ...overrides }
  const caller: Caller = {
    providers: createProviders(config, {
      ...(overrides.fetch && { fetch: overrides.fetch }),
      ...(overrides.tenantKeys && { fetchForTenants: overrides.tenantKeys.fetch }),
    }),
    breakers: createBreakers(options.breakerFailures, options.breakerOpenMs),
    tenantKeys: overrides.tenantKeys,
    options,
  }

  return async (request) => {
    const startedAt = performance.now()
    const call: Call = { request, attempts: 0 }
    const chain = toChain(config, request)
    const errors: ModelError[] = []
    for (const [index, model] of chain.entries()) {
      try {
        const isLast = index === chain.length - 1
        const { discard: _, ...answer } = await callOneModel(caller, call, model, isLast)
        return {
          model,
          demo: model === 'demo',
          ...answer,
          latencyMs: Math.round(performance.now() - startedAt),
          attempts: call.attempts,
        }
      } catch (error) {
        if (!(error instanceof ModelError)) throw error
        errors.push(error)
        if (index < chain.length - 1) request.onFallback?.(model, error)
      }
    }
    throw combine(errors)
  }
}

function toChain(config: ModelsConfig, request: ModelRequest): string[] {
  const names = [request.model, ...request.fallbackModels]
  return [...new Set(names.map((name) => (name === 'default' ? resolveDefaultModel(config) : name)))]
}

async function callOneModel(caller: Caller, call: Call, model: string, isLast: boolean): Promise<MeteredAnswer> {
  call.request.signal.throwIfAborted()
  if (model === 'demo') {
    call.attempts++
    return meteredAttempt(model, call.request, (progress) =>
      answerAsDemo(call.request, caller.options.demoChunkMs, progress),
    )
  }
  const answer = await callWithRetries(caller, call, model, isLast)
  if (answer.finishReason === 'content-filter' && answer.text === '' && answer.toolCalls.length === 0) {
    await answer.discard()
    throw new ModelError('model_refused', `${model} refused to answer (content filter).`)
  }
  return answer
}

async function callWithRetries(caller: Caller, call: Call, model: string, isLast: boolean): Promise<MeteredAnswer> {
  const { provider } = parseModelName(model)
  const { tenantId } = call.request
  const own = await caller.tenantKeys?.read(tenantId, provider)
  const providerModel = await caller.providers.open(model, own)
  const account = caller.providers.accountOf(provider, own)
  let fault: ProviderFault | undefined
  let attempts = 0
  const send = () => {
    attempts++
    call.attempts++
    return meteredAttempt(model, call.request, (progress) =>
      attempt(providerModel, provider, call.request, progress, account),
    )
  }
  while (attempts < caller.options.attemptsPerModel) {
    if (fault) await wait(toDelayMs(caller.options, attempts, fault.retryAfterMs), call.request.signal)
    try {
      // A model with others behind it waits for nobody.
      return await caller.breakers.run(tenantId, provider, send, isLast)
    } catch (error) {
      if (error instanceof BrokenCircuitError) break
      fault = toFault(error)
      if (!fault.retryable || caller.breakers.findBreak(tenantId, provider)) break
    }
  }
  const left = caller.breakers.findBreak(tenantId, provider)
  throw fault ? describeFault(model, attempts, fault, left?.probesInMs) : describeBreak(model, provider, left)
}

function toFault(error: unknown): ProviderFault {
  if (error instanceof ProviderFault) return error
  throw error
}

function describeFault(model: string, attempts: number, fault: ProviderFault, probesInMs = 0): ModelError {
  const count = attempts === 1 ? '' : ` (${attempts} attempts)`
  return new ModelError('model_failed', `${model} ${fault.message}${count}.`, {
    cause: fault,
    retryable: fault.retryable,
    retryAfterMs: Math.max(probesInMs, fault.retryAfterMs ?? 0),
  })
}

/** While the breaker is open another attempt of the run would be for nothing, so it is told when to come. */
function describeBreak(model: string, provider: string, left: ReturnType<Breakers['findBreak']>): ModelError {
  const reason = left?.cause ? ` (it ${left.cause.message})` : ''
  const message = `${model} was not called: ${provider} failed several times in a row${reason} and is left alone for a moment.`
  return new ModelError('model_failed', message, { retryable: true, retryAfterMs: left?.probesInMs ?? 0 })
}

/** Exponential with jitter, so that the runs a fault hit together don't come back together. */
function toDelayMs(options: typeof defaults, attempts: number, retryAfterMs: number | undefined): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, options.maxRetryAfterMs)
  const ceiling = Math.min(options.backoffMs * 2 ** (attempts - 1), options.maxBackoffMs)
  return ceiling * (0.5 + Math.random() / 2)
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

function combine(errors: readonly ModelError[]): ModelError {
  const [first] = errors
  if (first && errors.length === 1) return first
  const code = first && errors.every((error) => error.code === first.code) ? first.code : 'model_failed'
  const reasons = errors.map((error) => error.message.replace(/\.$/, '')).join('; ')
  return new ModelError(code, `None of ${errors.length} models answered: ${reasons}.`, {
    cause: new AggregateError(errors, 'the errors of the chain'),
    retryable: errors.some(({ retryable }) => retryable),
    retryAfterMs: Math.min(...errors.filter(({ retryable }) => retryable).map(({ retryAfterMs }) => retryAfterMs)),
  })
}
