import { z } from 'zod'
import { approvalKinds, approversSchema, expiryOutcomes } from './approvals.ts'
import { environmentSchema } from './environments.ts'
import { runFailureCodes } from './errors.ts'

/** Tokens of one model call. `inputTokens` includes the cached ones; `outputTokens` includes reasoning. */
export const usageSchema = z
  .object({
    inputTokens: z.int(),
    outputTokens: z.int(),
    cacheReadTokens: z.int(),
    cacheWriteTokens: z.int(),
    reasoningTokens: z.int(),
  })
  .meta({ id: 'Usage' })
export type Usage = z.output<typeof usageSchema>

export const toolCallSchema = z.object({ id: z.string(), name: z.string(), input: z.unknown() })
export type ToolCall = z.output<typeof toolCallSchema>

/** The budget that stood against a call. */
const refusingBudgetSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  resetsAt: z.iso.datetime().nullable().meta({ description: 'Null: never.' }),
})

export const runErrorSchema = z
  .object({ code: z.enum(runFailureCodes), message: z.string(), budget: refusingBudgetSchema.optional() })
  .meta({ id: 'RunError' })
export type RunError = z.output<typeof runErrorSchema>

export const inDoubtOptions = ['retry', 'skip', 'fail'] as const
export type InDoubtDecision = (typeof inDoubtOptions)[number]

const step = z.string().meta({ description: 'Deterministic key of the step in its run, such as `tool:2`.' })

const waitSchema = z.object({
  step,
  kind: z.enum(['timer', 'child', 'decision', 'approval']),
  until: z.iso.datetime().nullable(),
  approvalId: z.string().optional(),
})

/** What each journal event carries. The journal is append-only and numbered from 1. */
export const eventData = {
  'run.created': z.object({
    agent: z.string(),
    version: z.int(),
    environment: environmentSchema,
    threadId: z.string(),
    message: z.string(),
    parentRunId: z.string().nullable(),
  }),
  'run.started': z.object({ attempt: z.int(), worker: z.string() }),
  'run.resumed': z.object({ attempt: z.int(), worker: z.string() }),
  'run.waiting': z.object({ waits: z.array(waitSchema) }),
  'run.redriven': z.object({ by: z.string() }),
  'run.succeeded': z.object({ output: z.unknown() }),
  'run.failed': z.object({ error: runErrorSchema }),
  'run.cancelled': z.object({ by: z.string() }),
  'attempt.failed': z.object({
    attempt: z.int(),
    error: runErrorSchema,
    retryAt: z.iso.datetime().meta({ description: 'When the run is tried again, from where its journal ends.' }),
  }),
  'model.finished': z.object({
    step,
    model: z.string(),
    demo: z.boolean(),
    text: z.string(),
    toolCalls: z.array(toolCallSchema),
    finishReason: z.string(),
    usage: usageSchema,
    costNanos: z.int().nullable().meta({ description: 'Nano-USD; null when the price is not known.' }),
    latencyMs: z.int(),
    attempts: z.int(),
    callId: z.uuid().optional().meta({ description: 'The usage record of the attempt that answered.' }),
    estimated: z.boolean().optional().meta({ description: 'Tokens or price are our estimate.' }),
  }),
  'budget.warned': z.object({
    budgetId: z.uuid(),
    name: z.string(),
    subject: z.string(),
    softPercent: z.int(),
    resetsAt: z.iso.datetime().nullable(),
  }),
  'model.failed': z.object({ step, model: z.string(), message: z.string() }),
  'tool.started': z.object({
    step,
    toolCallId: z.string(),
    name: z.string(),
    input: z.unknown(),
    idempotencyKey: z.string(),
  }),
  'tool.finished': z.object({
    step,
    toolCallId: z.string(),
    name: z.string(),
    output: z.unknown().optional(),
    error: z.string().optional(),
    latencyMs: z.int(),
  }),
  'child.started': z.object({
    step,
    toolCallId: z
      .string()
      .nullable()
      .meta({ description: "The model's call that asked for it; null when the program did." }),
    runId: z.string(),
    agent: z.string(),
    message: z.string(),
  }),
  'child.finished': z.object({
    step,
    toolCallId: z.string().nullable(),
    runId: z.string(),
    status: z.enum(['succeeded', 'failed', 'cancelled']),
    output: z.unknown(),
    error: runErrorSchema.nullable(),
  }),
  'timer.set': z.object({ step, until: z.iso.datetime() }),
  'decision.requested': z.object({ step, question: z.string(), options: z.array(z.enum(inDoubtOptions)) }),
  'decision.made': z.object({ step, decision: z.enum(inDoubtOptions), by: z.string() }),
  'approval.requested': z.object({
    step,
    approvalId: z.string(),
    kind: z.enum(approvalKinds),
    tool: z.string().nullable(),
    toolCallId: z.string().nullable(),
    reason: z.string(),
    arguments: z.unknown(),
    argumentsHash: z.string(),
    approvers: approversSchema,
    quorum: z.int(),
    allowSelf: z.boolean(),
    expiresAt: z.iso.datetime(),
    onExpiry: z.enum(expiryOutcomes),
  }),
  'approval.decided': z.object({
    step,
    approvalId: z.string(),
    decision: z.enum(['approved', 'rejected', 'failed']),
    by: z.array(z.string()).meta({ description: 'Who decided so; `expiry` when nobody did in time.' }),
    comment: z.string().nullable(),
    arguments: z.unknown().meta({ description: 'What was decided on, as edited by an approver if one did.' }),
    argumentsHash: z.string(),
  }),
  'approval.used': z.object({ step, approvalId: z.string(), argumentsHash: z.string() }),
  'step.finished': z.object({ step, name: z.string(), output: z.unknown() }),
} as const

export type RunEventType = keyof typeof eventData
export type EventData<T extends RunEventType> = z.output<(typeof eventData)[T]>
/** An event before the journal numbers it. */
export type NewRunEvent = { [T in RunEventType]: { type: T; data: EventData<T> } }[RunEventType]
export type RunEvent = NewRunEvent & { seq: number; at: string }

export const runEventSchema = z
  .object({
    seq: z.int(),
    type: z.enum(Object.keys(eventData) as [RunEventType, ...RunEventType[]]),
    at: z.iso.datetime(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'RunEvent', description: 'One entry of the journal of a run.' })

/** Live text of a model call that is under way: not journaled, no id. `offset` counts UTF-16 units of the step's text. */
export interface TextDelta {
  type: 'text.delta'
  step: string
  offset: number
  delta: string
}

const terminalEventTypes = ['run.succeeded', 'run.failed', 'run.cancelled'] as const

export function isTerminalEvent(event: Pick<RunEvent, 'type'>): boolean {
  return (terminalEventTypes as readonly string[]).includes(event.type)
}
