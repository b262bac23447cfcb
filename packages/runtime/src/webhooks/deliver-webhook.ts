import { FreeholdError } from '@freehold/contracts'
import {
  type Database,
  type DeliveryTarget,
  disableWebhook,
  readDeliveryTarget,
  type SecretCipher,
} from '@freehold/core'
import {
  createGuardedFetch,
  EgressError,
  type EgressRule,
  type GuardedFetch,
  type GuardedRequest,
} from '../egress/index.ts'
import { RunFailure } from '../runs/outcomes.ts'
import { defineProgram, type Program, type ProgramRun } from '../runs/program.ts'
import { signWebhook } from './sign.ts'

export interface WebhookDeliveryParts {
  database: Database
  secrets: SecretCipher
  operatorAllow: readonly EgressRule[]
  /** How long to wait after each attempt that failed. */
  retryDelaysMs?: readonly number[]
}

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const defaultRetryDelaysMs = [
  ...[5 * secondMs, 30 * secondMs, 2 * minuteMs, 10 * minuteMs],
  ...[hourMs, 6 * hourMs, 24 * hourMs],
]
const attemptTimeoutMs = 10_000

/** No program of an operator can have it. */
export const webhookDeliveryName = 'deliver-webhook'

type Attempt = { delivered: true; status: number } | { delivered: false; reason: string }

/**
 * The built-in program that delivers one event to one webhook: the run's message is the body, its id the `webhook-id`.
 * An attempt whose outcome the journal doesn't have is made again under the same id, by which a receiver tells that it
 * knows it. What can't be helped by trying again ends the run as failed; redriven, it tries once more.
 */
export function createWebhookDelivery(parts: WebhookDeliveryParts): Program {
  const { retryDelaysMs = defaultRetryDelaysMs } = parts
  // Not bound by the tenant's list of hosts, which is about what agents reach: people set up webhooks.
  const fetch = createGuardedFetch({ operatorAllow: [...parts.operatorAllow], tenantAllowedHosts: null })
  return defineProgram(webhookDeliveryName, async (run) => {
    for (const delayMs of retryDelaysMs) {
      const attempt = await run.step('attempt', () => deliver(parts, fetch, run))
      if (attempt.delivered) return attempt
      await run.sleep(delayMs)
    }
    return run.step('attempt', async () => {
      const attempt = await deliver(parts, fetch, run)
      if (attempt.delivered) return attempt
      throw failed(`The event could not be delivered in ${retryDelaysMs.length + 1} attempts. ${attempt.reason}`)
    })
  })
}

async function deliver(parts: WebhookDeliveryParts, fetch: GuardedFetch, run: ProgramRun): Promise<Attempt> {
  const webhookId = run.metadata.webhookId ?? ''
  try {
    const target = await readDeliveryTarget(parts, run.tenantId, webhookId)
    if (!target) throw failed('The webhook was disabled or deleted. Enable it, then redrive this run.')
    const { status } = await fetch(requestOf(run, target))
    if (status >= 200 && status < 300) return { delivered: true, status }
    if (status !== 410) return { delivered: false, reason: `The receiver answered ${status}.` }
    await disableWebhook(parts.database, run.tenantId, webhookId, 'The receiver answered 410 Gone.')
    throw failed('The receiver answered 410 Gone, so the webhook was disabled.')
  } catch (error) {
    run.signal.throwIfAborted()
    if (error instanceof EgressError && !refusals.has(error.code)) return { delivered: false, reason: error.message }
    if (error instanceof FreeholdError && error.retryable) return { delivered: false, reason: error.message }
    throw error instanceof EgressError || error instanceof FreeholdError ? failed(error.message, error) : error
  }
}

function requestOf(run: ProgramRun, { url, secrets }: DeliveryTarget): GuardedRequest {
  const timestampSeconds = Math.floor(Date.now() / 1000)
  return {
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': run.id,
      'webhook-timestamp': String(timestampSeconds),
      'webhook-signature': signWebhook(secrets, { id: run.id, timestampSeconds, body: run.message }),
    },
    body: run.message,
    signal: AbortSignal.any([run.signal, AbortSignal.timeout(attemptTimeoutMs)]),
    // The status is the answer. A redirect could lead away from whom the tenant trusts.
    maxResponseBytes: 0,
    followRedirects: false,
  }
}

/** What stays refused until someone changes a setting. */
const refusals: ReadonlySet<EgressError['code']> = new Set(['invalid_request', 'forbidden_host', 'forbidden_address'])

function failed(reason: string, cause?: unknown): RunFailure {
  return new RunFailure('delivery_failed', reason, { cause })
}
