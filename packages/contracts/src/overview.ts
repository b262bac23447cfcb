import { z } from 'zod'
import { agentFiguresShape } from './agents.ts'
import { budgetPeriods } from './budgets.ts'
import type { Operation } from './operation.ts'
import { idSchema, timeZoneSchema } from './tenants.ts'

/** Whole days up to now, today among them. */
const overviewDays = ['1', '7', '30'] as const

export const overviewQuery = z.strictObject({
  days: z.enum(overviewDays).default('1').transform(Number),
  /** In which days begin; the tenant's when absent. */
  timeZone: timeZoneSchema.optional(),
})
export type OverviewQuery = z.output<typeof overviewQuery>

export const runFiguresSchema = z
  .object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    runs: z.int().meta({ description: 'Runs of agents that were accepted in the period, delegated ones among them.' }),
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    successRate: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .meta({ description: 'Of those that succeeded or failed; null when there are none of these.' }),
    durationMs: z
      .object({ p50: z.int(), p95: z.int() })
      .nullable()
      .meta({ description: 'From the start to the end of those that succeeded or failed, waiting included.' }),
    costNanos: z.int().meta({ description: 'Nano-USD that these runs have cost so far.' }),
  })
  .meta({ id: 'RunFigures' })
export type RunFigures = z.output<typeof runFiguresSchema>

const agentFiguresSchema = z.object({ agent: z.string(), ...agentFiguresShape })
export type AgentFigures = z.output<typeof agentFiguresSchema>

const nearBudgetSchema = z.object({
  id: idSchema,
  name: z.string(),
  period: z.enum(budgetPeriods),
  subject: z.string().meta({ description: 'Whose allowance it is, as in the windows of a budget.' }),
  measure: z
    .enum(['nanos', 'tokens', 'requests'])
    .meta({ description: 'The one of its measures that is nearest its limit.' }),
  spent: z.int(),
  reserved: z.int(),
  allowed: z.int(),
  resetsAt: z.iso.datetime().nullable(),
})
export type NearBudget = z.output<typeof nearBudgetSchema>

const recentChangeSchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  actor: z.string(),
  actorName: z.string(),
  action: z.string(),
  subject: z.object({ kind: z.string(), id: z.string() }),
})
export type RecentChange = z.output<typeof recentChangeSchema>

export const overviewSchema = z
  .object({
    timeZone: z.string(),
    current: runFiguresSchema,
    previous: runFiguresSchema.meta({ description: 'The same stretch of the period before, to compare with.' }),
    series: z
      .array(z.object({ at: z.iso.datetime(), runs: z.int(), failed: z.int(), costNanos: z.int() }))
      .meta({ description: 'The period by hour when it is one day, else by day. Empty ones have zeros.' }),
    now: z.object({ queued: z.int(), running: z.int(), waiting: z.int() }),
    agents: z.array(agentFiguresSchema).meta({ description: 'Those with the most runs in the period, five at most.' }),
    approvalsWaiting: z.int().nullable().meta({ description: 'Null without approvals:read.' }),
    budgets: z
      .array(nearBudgetSchema)
      .nullable()
      .meta({ description: 'Those nearest their limit, five at most. Null without budgets:read.' }),
    changes: z
      .array(recentChangeSchema)
      .nullable()
      .meta({ description: 'The newest about agents, releases and budgets. Null without audit:read.' }),
  })
  .meta({ id: 'Overview', description: 'How a tenant is doing, as far as the caller may see it.' })
export type Overview = z.output<typeof overviewSchema>

export const overviewOperations = {
  getOverview: {
    method: 'get',
    path: '/overview',
    summary: 'How agents did today, or in the last 7 or 30 days, and what is near a limit or waits for somebody',
    tag: 'overview',
    permission: 'runs:read',
    query: overviewQuery,
    status: 200,
    response: overviewSchema,
  },
} as const satisfies Record<string, Operation>
