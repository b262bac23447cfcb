import { z } from 'zod'
import { approvalPolicySchema } from './approvals.ts'
import { environmentSchema } from './environments.ts'
import { idSchema } from './tenants.ts'

export const agentNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens (63 at most)')

/** `default`, `demo`, or `<provider>/<model>` such as `openai/gpt-6-luna`. */
const modelNameSchema = z
  .string()
  .regex(
    /^(default|demo|[a-z0-9-]+\/[^\s]{1,128})$/,
    'use "default", "demo" or "<provider>/<model>", for example "openai/gpt-6-luna"',
  )

export const agentLimitsSchema = z.strictObject({
  /** Steps that one run may take: model and tool calls, delegations, timers and the program's own. */
  maxSteps: z.int().min(1).max(1000).default(40),
  runTimeoutMs: z.int().min(1000).max(1_728_000_000).default(900_000),
  modelTimeoutMs: z.int().min(1000).max(900_000).default(120_000),
  toolTimeoutMs: z.int().min(100).max(900_000).default(30_000),
  maxOutputTokens: z.int().min(1).max(200_000).default(4096),
  /** Attempts in a row that may fail before the run does. */
  maxAttempts: z.int().min(1).max(100).default(5),
  /** How long one attempt may work without waiting; as long as the run may take when absent. */
  attemptTimeoutMs: z.int().min(100).max(86_400_000).optional(),
  /** Messages of the thread that the model sees. */
  historyMessages: z.int().min(0).max(1000).default(50),
})
export type AgentLimits = z.output<typeof agentLimitsSchema>

const agentConfigShape = {
  description: z.string().max(1000).default(''),
  program: z.string().min(1).max(63).default('assistant'),
  model: modelNameSchema.default('default'),
  /** Tried in order when the model's provider fails. */
  fallbackModels: z.array(modelNameSchema).max(5).default([]),
  prompts: z.strictObject({ system: z.string().max(100_000).default('') }).default({ system: '' }),
  tools: z.array(z.string().min(1).max(64)).max(64).default([]),
  limits: agentLimitsSchema.prefault({}),
  approvals: approvalPolicySchema.prefault({}),
}

export const agentConfigSchema = z.strictObject(agentConfigShape)
export type AgentConfig = z.output<typeof agentConfigSchema>

export const createAgentSchema = z.strictObject({ name: agentNameSchema, ...agentConfigShape })

export const createAgentVersionSchema = z.strictObject({
  ...agentConfigShape,
  basedOn: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'The version that it was made from: refused when that is not the newest any more.' }),
})
export type CreateAgentVersion = z.output<typeof createAgentVersionSchema>

export const agentVersionSchema = z
  .object({
    name: z.string(),
    version: z.int(),
    ...agentConfigShape,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AgentVersion' })

const releasesSchema = z.object({
  development: z.int().nullable(),
  staging: z.int().nullable(),
  production: z.int().nullable(),
})

export const agentSchema = agentVersionSchema
  .extend({ releases: releasesSchema })
  .meta({ id: 'Agent', description: 'The latest version, and which version serves where.' })

/** Of their runs in a period, with delegated ones. */
export const agentFiguresShape = {
  runs: z.int(),
  failureRate: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .meta({ description: 'Of those that succeeded or failed; null when there are none of these.' }),
  costNanos: z.int(),
}

export const agentSummarySchema = agentSchema
  .extend({
    canaries: z.array(z.object({ environment: environmentSchema, version: z.int(), percent: z.int() })),
    owner: z
      .object({ teamId: idSchema, teamName: z.string() })
      .nullable()
      .meta({ description: 'The team that owns it; null: the tenant as a whole.' }),
    lastWeek: z
      .object(agentFiguresShape)
      .nullable()
      .meta({ description: 'Its runs of the last seven days. Null without runs:read.' }),
  })
  .meta({ id: 'AgentSummary' })
export type AgentSummary = z.output<typeof agentSummarySchema>

/** What an agent needs besides itself to be of use. */
const agentNeeds = ['model_provider', 'public_web', 'other_agents', 'approver'] as const

export const agentSampleSchema = z
  .object({
    name: agentNameSchema.meta({ description: 'To create it by, unless it is taken.' }),
    title: z.string(),
    needs: z.array(z.enum(agentNeeds)).meta({
      description: 'What has to be there: a provider of models, hosts to reach, agents to ask, people who approve.',
    }),
    tryWith: z.string().meta({ description: 'A first message.' }),
    config: agentConfigSchema,
  })
  .meta({
    id: 'AgentSample',
    description: 'An agent to begin with. Its config is what POST /agents takes, without the name.',
  })
export type AgentSample = z.output<typeof agentSampleSchema>

export const toolSchema = z
  .object({
    name: z.string(),
    description: z.string(),
    risk: z.enum(['low', 'medium', 'high']),
    idempotent: z.boolean(),
    inputSchema: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Tool' })

export type Agent = z.output<typeof agentSchema>
export type AgentVersion = z.output<typeof agentVersionSchema>
export type Tool = z.output<typeof toolSchema>
