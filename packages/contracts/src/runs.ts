import { z } from 'zod'
import { agentNameSchema } from './agents.ts'
import { environmentSchema } from './environments.ts'
import { runFailureCodes } from './errors.ts'
import { inDoubtOptions, runErrorSchema, usageSchema } from './events.ts'
import { pageQuery, queryFlag, timeSchema } from './operation.ts'
import { runStatuses } from './run-status.ts'
import { idSchema } from './tenants.ts'

/** A thread id: one of ours, or one that the client chose. Those of the platform's own runs begin with `system:`. */
export const threadIdSchema = z
  .string()
  .regex(/^(?!system:)[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'use letters, digits, ".", "_", ":" and "-" (128 at most)')

/** Within a tenant, runs of a higher priority are claimed first. In the order that the database numbers them. */
export const runPriorities = ['low', 'normal', 'high'] as const
export type RunPriority = (typeof runPriorities)[number]

export const startRunSchema = z.strictObject({
  message: z.string().min(1).max(200_000),
  threadId: threadIdSchema.optional(),
  environment: environmentSchema.default('production'),
  /** A version to try in development, released or not, for who has `agents:write`. */
  version: z.int().min(1).max(2_147_483_647).optional(),
  /** Milliseconds after which the run ends as failed, without what it waits for people; the agent's `runTimeoutMs` when absent. */
  deadlineMs: z.int().min(1).max(1_728_000_000).optional(),
  priority: z.enum(runPriorities).default('normal'),
  /** The person the run is for, by the name that you know them by. Budgets can limit each. */
  user: z.string().trim().min(1).max(200).optional(),
  metadata: z
    .record(z.string().max(64), z.string().max(1024))
    .refine((value) => Object.keys(value).length <= 32, 'at most 32 entries')
    .default({}),
})
export type StartRun = z.output<typeof startRunSchema>

export const stepSummarySchema = z
  .object({
    step: z.string(),
    kind: z.enum(['model', 'tool', 'child', 'timer', 'decision', 'approval', 'step']),
    name: z.string(),
    status: z.enum(['running', 'finished', 'failed']),
    latencyMs: z.int().nullable().meta({ description: 'Of the call itself, without what it waited for before.' }),
    startedAt: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When its approval was asked for, if it has one. Null for steps of the program itself.' }),
    finishedAt: z.iso.datetime().nullable(),
    attempt: z.int().meta({ description: 'The attempt of the run in which it came this far.' }),
    usage: usageSchema.nullable().meta({ description: 'Of the call that answered a model step.' }),
    costNanos: z.int().nullable(),
    childRunId: idSchema.nullable(),
    approvalId: idSchema.nullable().meta({ description: 'The latest one that was asked for.' }),
    error: z.string().nullable().meta({ description: 'Its first 1,000 characters.' }),
  })
  .meta({ id: 'StepSummary' })
export type StepSummary = z.output<typeof stepSummarySchema>

export const failedAttemptSchema = z
  .object({ attempt: z.int(), at: z.iso.datetime(), error: runErrorSchema, worker: z.string().nullable() })
  .meta({ id: 'FailedAttempt' })
export type FailedAttempt = z.output<typeof failedAttemptSchema>

const runShape = {
  id: idSchema,
  agent: z.string(),
  version: z.int(),
  environment: environmentSchema,
  threadId: z.string(),
  parentRunId: idSchema.nullable(),
  rootRunId: idSchema.meta({ description: 'The run at the top of the delegations; itself when nobody delegated it.' }),
  startedBy: z.string().meta({ description: 'Who started the root run, such as `api_key:<id>`.' }),
  startedByName: z
    .string()
    .nullable()
    .meta({ description: 'The name of that person, service account or key; null when the caller may not see it.' }),
  user: z.string().nullable(),
  priority: z.enum(runPriorities),
  status: z.enum(runStatuses),
  waitsForApprovals: z.array(idSchema).meta({ description: 'The approvals that a waiting run waits for.' }),
  waitsForDecisions: z
    .array(z.string())
    .meta({ description: 'The steps whose outcome is unknown, and about which a waiting run asks what to do.' }),
  message: z.string(),
  output: z.unknown(),
  error: runErrorSchema.nullable(),
  metadata: z.record(z.string(), z.string()),
  costNanos: z.int().meta({ description: 'Nano-USD so far.' }),
  usage: usageSchema,
  attempt: z.int(),
  dead: z.boolean().meta({ description: 'Whether the run failed by using up its attempts.' }),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  deadlineAt: z.iso.datetime().meta({ description: 'It moves on while the run waits for people.' }),
}

export const listRunsQuery = pageQuery.extend({
  agent: agentNameSchema.optional(),
  /** One, or several with commas between. */
  status: z
    .string()
    .max(100)
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(runStatuses)))
    .optional(),
  dead: queryFlag.optional(),
  threadId: threadIdSchema.optional(),
  /** When the run was accepted: from this moment on, and before that one. */
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  /** Who started the root run, such as `person:<id>`. */
  startedBy: z.string().min(1).max(200).optional(),
  /** The person that the run is for. */
  user: z.string().min(1).max(200).optional(),
  minCostNanos: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  parentRunId: idSchema.optional(),
  /** The delegations below this run, at every depth. */
  rootRunId: idSchema.optional(),
  /** The platform's own runs, such as deliveries of webhooks, instead of those of agents. */
  system: queryFlag.optional(),
})
export type ListRuns = z.output<typeof listRunsQuery>

export const runSummarySchema = z.object(runShape).meta({ id: 'RunSummary' })
export const runSchema = z
  .object({
    ...runShape,
    steps: z.array(stepSummarySchema),
    attempts: z.array(failedAttemptSchema).meta({ description: 'Every attempt that failed, oldest first.' }),
  })
  .meta({ id: 'Run' })
export type RunSummary = z.output<typeof runSummarySchema>
export type Run = z.output<typeof runSchema>

/** Which dead runs to queue again. The time is that of their failure. */
export const redriveRunsSchema = z.strictObject({
  agent: agentNameSchema.optional(),
  code: z.enum(runFailureCodes).optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  limit: z.int().min(1).max(1000).default(100),
})
export type RedriveRuns = z.output<typeof redriveRunsSchema>
export const redrivenRunsSchema = z
  .object({
    redriven: z.int(),
    remaining: z.int().meta({ description: 'Dead runs that match and are still to be redriven.' }),
    busy: z.int().meta({ description: 'Those of them whose conversation is at another run, which has to end first.' }),
  })
  .meta({ id: 'RedrivenRuns' })
export type RedrivenRuns = z.output<typeof redrivenRunsSchema>

export const decideSchema = z.strictObject({ step: z.string().min(1).max(200), decision: z.enum(inDoubtOptions) })

export const listThreadsQuery = pageQuery.extend({
  /** Whose agent answered last. */
  agent: agentNameSchema.optional(),
  /** Only what the caller began. */
  mine: queryFlag.optional(),
})
export type ListThreads = z.output<typeof listThreadsQuery>

export const threadSchema = z
  .object({
    id: z.string(),
    title: z.string().meta({ description: 'The beginning of the first message.' }),
    startedBy: z.string().meta({ description: 'Who began it, such as `person:<id>`.' }),
    startedByName: z.string().nullable(),
    lastRun: z.object({
      id: idSchema,
      agent: z.string(),
      environment: environmentSchema,
      status: z.enum(runStatuses),
    }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Thread', description: 'A conversation. What agents ask each other is none.' })

export const messageSchema = z
  .object({
    id: z.string(),
    runId: idSchema.nullable(),
    role: z.enum(['user', 'assistant', 'tool']),
    content: z.unknown(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Message' })
export type Thread = z.output<typeof threadSchema>
export type Message = z.output<typeof messageSchema>

export const usageRecordSchema = z
  .object({
    id: idSchema,
    runId: idSchema,
    step: z.string(),
    model: z.string(),
    usage: usageSchema,
    costNanos: z.int().nullable(),
    outcome: z.enum(['answered', 'broken', 'lost']).meta({
      description:
        '`broken`: the answer broke off or was called off. `lost`: the worker was, and the worst case is charged until it is heard of.',
    }),
    estimated: z.boolean().meta({ description: 'Tokens or price are our estimate, not what the provider reported.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'UsageRecord' })
export type UsageRecord = z.output<typeof usageRecordSchema>
