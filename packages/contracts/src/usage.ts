import { z } from 'zod'
import { type Operation, page, pageQuery, timeSchema } from './operation.ts'
import { usageRecordSchema } from './runs.ts'
import { idSchema, timeZoneSchema } from './tenants.ts'

const usageGroupings = ['day', 'agent', 'model', 'person', 'team'] as const

export const summarizeUsageQuery = z.strictObject({
  groupBy: z.enum(usageGroupings),
  /** 30 days before `to` when absent; at most 400 days before. */
  from: timeSchema.optional(),
  /** Now when absent. */
  to: timeSchema.optional(),
  /** In which days begin; the tenant's when absent. */
  timeZone: timeZoneSchema.optional(),
})
export type SummarizeUsage = z.output<typeof summarizeUsageQuery>

const usedShape = {
  calls: z.int(),
  inputTokens: z.int().meta({ description: 'Cached ones included.' }),
  outputTokens: z.int(),
  cacheReadTokens: z.int(),
  costNanos: z.int(),
  unpricedCalls: z.int().meta({ description: 'Calls whose price is not known, which the cost leaves out.' }),
}

const usageGroupSchema = z.object({
  key: z.string().nullable().meta({
    description:
      'The day as its first moment; the name of the agent or model; `user:<name>` for whom a run is, else who started it, such as `person:<id>`; the id of the team, null for the tenant as a whole.',
  }),
  name: z.string().nullable().meta({ description: 'Of the person, key or team; null when the caller may not see it.' }),
  runs: z.int().nullable().meta({ description: 'Runs that made these calls; null by model, as a run asks several.' }),
  ...usedShape,
})
export type UsageGroup = z.output<typeof usageGroupSchema>

export const usageSummarySchema = z
  .object({
    groupBy: z.enum(usageGroupings),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    timeZone: z.string(),
    total: z.object(usedShape),
    items: z
      .array(usageGroupSchema)
      .meta({ description: 'Every day in its order, or what cost most first, 500 at most.' }),
    omitted: z.int().meta({ description: 'Groups that are counted in the total only.' }),
  })
  .meta({ id: 'UsageSummary' })
export type UsageSummary = z.output<typeof usageSummarySchema>

export const usageOperations = {
  listUsage: {
    method: 'get',
    path: '/usage',
    summary: 'List model calls with tokens and cost, newest first',
    tag: 'usage',
    permission: 'usage:read',
    query: pageQuery.extend({ runId: idSchema.optional() }),
    status: 200,
    response: page(usageRecordSchema),
  },
  summarizeUsage: {
    method: 'get',
    path: '/usage/summary',
    summary: 'Sum up model calls with tokens and cost by day, agent, model, person or team',
    tag: 'usage',
    permission: 'usage:read',
    query: summarizeUsageQuery,
    status: 200,
    response: usageSummarySchema,
  },
} as const satisfies Record<string, Operation>
