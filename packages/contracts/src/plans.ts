import { z } from 'zod'
import { quotasSchema, rateLimitsSchema } from './limits.ts'

export const planNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens (63 at most)')

const planShape = {
  /** Share of the worker slots when tenants compete: one of weight 2 gets twice what one of weight 1 gets. */
  weight: z.int().min(1).max(1000),
  maxRunningRuns: z.int().min(1).max(1_000_000),
  /** Runs that may stand in the queue; more are refused with `queue_full`. */
  maxQueuedRuns: z.int().min(1).max(10_000_000),
  rateLimits: rateLimitsSchema,
  quotas: quotasSchema,
}

export const putPlanSchema = z.strictObject(planShape)
export const planSchema = z
  .object({ name: z.string(), ...planShape })
  .meta({ id: 'Plan', description: 'What a tenant may take of the installation.' })
export type Plan = z.output<typeof planSchema>
export type NewPlan = z.input<typeof planSchema>
