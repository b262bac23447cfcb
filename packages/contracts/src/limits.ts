import { z } from 'zod'

const rateSchema = z.strictObject({
  /** On average. */
  requestsPerSecond: z.number().min(0.01).max(100_000),
  /** Requests that may come at once after a pause; null: what a second allows. */
  burst: z.int().min(1).max(10_000_000).nullable().default(null),
})
export type Rate = z.output<typeof rateSchema>

/** What each key, each person (with all that they sign in with) and the whole tenant may ask for. */
export const rateLimitsSchema = z
  .strictObject({
    /** Null: what the installation allows. */
    key: rateSchema.nullable().default(null),
    /** Null: what the installation allows a key. */
    user: rateSchema.nullable().default(null),
    /** Null: no limit beside those of its keys and people. */
    tenant: rateSchema.nullable().default(null),
  })
  .prefault({})
export type RateLimits = z.output<typeof rateLimitsSchema>

export const requestsPerSecondSchema = rateSchema.shape.requestsPerSecond

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().default(null)

/** What a tenant may have; null: as much as it likes. */
export const quotasSchema = z
  .strictObject({
    agents: count,
    /** Runs that are started in a calendar month of the tenant's time zone. */
    runsPerMonth: count,
    /** With those who were invited and have not come yet. */
    members: count,
    /** Of messages, journals and runs; past it no run starts. */
    storageBytes: count,
  })
  .prefault({})
export type Quotas = z.output<typeof quotasSchema>
export type Quota = keyof Quotas

const used = z.object({ used: z.int(), allowed: z.int().nullable() })

export const limitsSchema = z
  .object({
    plan: z.string(),
    rateLimits: rateLimitsSchema,
    quotas: z.object({
      agents: used,
      runsPerMonth: used.extend({ resetsAt: z.iso.datetime() }),
      members: used,
      storageBytes: used.extend({
        used: z.int().nullable().meta({ description: 'When it was measured last; null: it is being measured.' }),
        measuredAt: z.iso.datetime().nullable(),
      }),
    }),
  })
  .meta({ id: 'Limits', description: 'What the plan of the tenant allows, and what is used of it.' })
export type Limits = z.output<typeof limitsSchema>
