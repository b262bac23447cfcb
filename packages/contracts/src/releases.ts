import { z } from 'zod'
import { environmentSchema } from './environments.ts'
import { tenantRoles } from './permissions.ts'
import { idSchema } from './tenants.ts'

const versionSchema = z.int().min(1).max(2_147_483_647)
const commentSchema = z.string().trim().min(1).max(1000)

/** Share of the new threads, in percent. */
const percentSchema = z.int().min(1).max(99)
/** Ended runs of the canary before it is judged. Those that the stable version lacks to as many come from before it. */
const minRunsSchema = z.int().min(1).max(100_000)
/** How many percentage points more of its runs may fail than of the stable version's. */
const maxErrorPointsSchema = z.int().min(0).max(100).nullable()
/** How many percent more a run may cost on average than one of the stable version. */
const maxCostPercentSchema = z.int().min(0).max(100_000).nullable()

/** A canary, and when it is rolled back by itself. `null` switches a threshold off. */
export const canaryRulesSchema = z.strictObject({
  percent: percentSchema,
  minRuns: minRunsSchema.default(20),
  maxErrorPoints: maxErrorPointsSchema.default(10),
  maxCostPercent: maxCostPercentSchema.default(50),
})
export type CanaryRules = z.output<typeof canaryRulesSchema>

/** What is left out stays as it is when the version is the canary already, and is the default otherwise. */
const askedCanarySchema = z.strictObject({
  percent: percentSchema,
  minRuns: minRunsSchema.optional(),
  maxErrorPoints: maxErrorPointsSchema.optional(),
  maxCostPercent: maxCostPercentSchema.optional(),
})
export type AskedCanary = z.output<typeof askedCanarySchema>

export const setReleaseSchema = z.strictObject({
  version: versionSchema,
  /** Lets the version serve a share beside the one that is there, instead of in its place. */
  canary: askedCanarySchema.optional(),
  comment: commentSchema.optional(),
})
export type SetRelease = z.output<typeof setReleaseSchema>

export const promoteReleaseSchema = setReleaseSchema.partial({ version: true }).meta({
  description: 'Without a version: the one that serves in the environment before.',
})
export type PromoteRelease = z.output<typeof promoteReleaseSchema>

export const rollBackReleaseSchema = z.strictObject({
  /** The version, or the canary, to get away from. When something else serves by now, nothing happens. */
  from: versionSchema.optional(),
  comment: commentSchema.optional(),
})
export type RollBackRelease = z.output<typeof rollBackReleaseSchema>

/** What the runs of a version came to that started while the canary was there. Cancelled ones don't count. */
const trialSchema = z
  .object({ ended: z.int(), failed: z.int(), costNanos: z.int() })
  .meta({ id: 'ReleaseTrial', description: 'Ended runs, how many of them failed, and what all cost.' })
export type ReleaseTrial = z.output<typeof trialSchema>

const evidenceSchema = z.object({
  stable: trialSchema,
  earlier: trialSchema
    .optional()
    .meta({ description: 'Of the stable version before the canary began, for the runs that it lacked since then.' }),
  canary: trialSchema,
  reason: z.string(),
})
export type ReleaseEvidence = z.output<typeof evidenceSchema>

export const releaseSchema = z
  .object({
    agent: z.string(),
    environment: environmentSchema,
    version: z.int(),
    canary: z
      .object({
        version: z.int(),
        ...canaryRulesSchema.shape,
        startedAt: z.iso.datetime(),
        trial: z.object({ stable: trialSchema, canary: trialSchema }),
      })
      .nullable(),
  })
  .meta({ id: 'Release' })
export type Release = z.output<typeof releaseSchema>

const releaseKinds = [
  'created',
  'direct',
  'promotion',
  'rollback',
  'canary_started',
  'canary_changed',
  'canary_rolled_back',
] as const

export const releaseEntrySchema = z
  .object({
    number: z.int(),
    kind: z.enum(releaseKinds),
    version: z.int().meta({ description: 'The stable version from then on.' }),
    replacedVersion: z.int().nullable(),
    canaryVersion: z.int().nullable().meta({ description: 'The canary that began, changed or ended with this.' }),
    canaryPercent: z.int().nullable().meta({ description: 'Null when it ended.' }),
    comment: z.string().nullable(),
    forced: z.boolean().meta({ description: 'Whether it left out an environment, or the approval.' }),
    by: z.string(),
    approvedBy: z.array(z.string()),
    evidence: evidenceSchema.nullable().meta({ description: 'What a canary was rolled back by itself for.' }),
    at: z.iso.datetime(),
  })
  .meta({ id: 'ReleaseEntry', description: 'One entry of the history of an environment. None is ever changed.' })
export type ReleaseEntry = z.output<typeof releaseEntrySchema>

export const releaseRequestStatuses = ['pending', 'approved', 'rejected', 'superseded'] as const

export const releaseRequestSchema = z
  .object({
    id: idSchema,
    agent: z.string(),
    environment: environmentSchema,
    version: z.int(),
    replacesVersion: z.int().nullable(),
    canary: canaryRulesSchema.nullable(),
    comment: z.string().nullable(),
    requestedBy: z.string(),
    required: z.int().meta({ description: 'How many have to approve it; whoever asked is none of them.' }),
    role: z.enum(tenantRoles).nullable().meta({ description: 'The role that each of them has to have.' }),
    status: z
      .enum(releaseRequestStatuses)
      .meta({ description: '`superseded`: something else was released meanwhile.' }),
    decisions: z.array(
      z.object({
        actor: z.string(),
        decision: z.enum(['approve', 'reject']),
        comment: z.string().nullable(),
        at: z.iso.datetime(),
      }),
    ),
    createdAt: z.iso.datetime(),
    decidedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ReleaseRequest', description: 'A promotion that waits for approval.' })
export type ReleaseRequest = z.output<typeof releaseRequestSchema>

export const promotionSchema = z
  .object({
    release: releaseSchema.nullable(),
    request: releaseRequestSchema.nullable().meta({ description: 'Set when it needs approval first.' }),
  })
  .meta({ id: 'Promotion' })
export type Promotion = z.output<typeof promotionSchema>

export const decideReleaseSchema = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  comment: commentSchema.optional(),
})
export type DecideRelease = z.output<typeof decideReleaseSchema>

export const versionDiffSchema = z
  .object({
    agent: z.string(),
    from: z.int(),
    to: z.int(),
    changes: z.array(
      z.object({
        field: z.string().meta({ description: 'Dotted path, such as `limits.maxSteps`.' }),
        from: z.unknown(),
        to: z.unknown(),
      }),
    ),
  })
  .meta({ id: 'VersionDiff', description: 'What differs between two versions, field by field.' })
export type VersionDiff = z.output<typeof versionDiffSchema>
