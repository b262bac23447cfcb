import { z } from 'zod'
import { quotasSchema, rateLimitsSchema } from './limits.ts'

export const planNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and hyphens (63 at most)')

/** Beside the agents of others, in a Kubernetes namespace of their own, or on a server of their own. */
export const isolationTiers = ['shared', 'namespace', 'dedicated'] as const
export type IsolationTier = (typeof isolationTiers)[number]

const planShape = {
  /** Where agents run: by the workers that were told to serve this tier. */
  isolation: z.enum(isolationTiers).default('shared'),
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
