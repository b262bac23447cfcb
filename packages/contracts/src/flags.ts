import { z } from 'zod'
import { environmentSchema } from './environments.ts'

export const flagTypes = ['boolean', 'string', 'number', 'object'] as const
export type FlagType = (typeof flagTypes)[number]

const variantName = z.string().regex(/^[\w-]{1,63}$/, 'use letters, digits, hyphens and underscores (63 at most)')

/** What is served, and to which share of the targeting keys. */
const serveSchema = z
  .array(z.strictObject({ variant: variantName, percent: z.number().min(0).max(100) }))
  .min(1)
  .max(20)
  .refine((parts) => Math.abs(parts.reduce((sum, { percent }) => sum + percent, 0) - 100) < 0.001, 'must add up to 100')

const ruleSchema = z.strictObject({
  /** All of these have to hold. */
  when: z
    .array(
      z.strictObject({
        attribute: z.string().min(1).max(63),
        operator: z.enum(['in', 'not_in']).default('in'),
        values: z.array(z.string().max(200)).min(1).max(200),
      }),
    )
    .min(1)
    .max(10),
  serve: serveSchema,
})

export const putFlagSchema = z
  .strictObject({
    type: z.enum(flagTypes).default('boolean'),
    description: z.string().max(500).default(''),
    /** Off: false for a boolean, and for the others whatever the program falls back to. */
    enabled: z.boolean().default(true),
    variants: z.record(variantName, z.json()).default({ on: true, off: false }),
    /** The first that holds decides. */
    rules: z.array(ruleSchema).max(50).default([]),
    /** When no rule holds. */
    serve: serveSchema.default([{ variant: 'on', percent: 100 }]),
  })
  .superRefine(({ type, variants, rules, serve }, context) => {
    for (const [name, value] of Object.entries(variants)) {
      if (isOfType(value, type)) continue
      context.addIssue({ code: 'custom', path: ['variants', name], message: `must be of the type "${type}"` })
    }
    for (const { variant } of [...serve, ...rules.flatMap((rule) => rule.serve)]) {
      if (Object.hasOwn(variants, variant)) continue
      context.addIssue({ code: 'custom', path: ['serve'], message: `there is no variant "${variant}"` })
    }
    if (JSON.stringify(variants).length > 65_536)
      context.addIssue({ code: 'custom', path: ['variants'], message: 'must have 64 KiB of JSON at the most' })
  })

function isOfType(value: unknown, type: FlagType): boolean {
  return type === 'object' ? typeof value === 'object' && value !== null : typeof value === type
}

export const flagSchema = z
  .object({
    name: z.string(),
    environment: environmentSchema,
    type: z.enum(flagTypes),
    description: z.string(),
    enabled: z.boolean(),
    variants: z.record(z.string(), z.json()),
    rules: z.array(ruleSchema),
    serve: serveSchema,
    updatedBy: z.string(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Flag', description: 'A feature flag of one environment.' })

export const evaluateFlagSchema = z.strictObject({
  type: z.enum(flagTypes).default('boolean'),
  /** Whoever has the same one gets the same. */
  targetingKey: z.string().min(1).max(500).optional(),
  attributes: z.record(z.string().max(63), z.union([z.string().max(1_000), z.number(), z.boolean()])).default({}),
})

export const flagEvaluationSchema = z
  .object({
    value: z.json().meta({ description: 'Null for a flag that is off and no boolean: use your own fallback.' }),
    variant: z.string().nullable(),
    reason: z.string().meta({ description: 'As OpenFeature calls it, such as TARGETING_MATCH, SPLIT or DISABLED.' }),
  })
  .meta({ id: 'FlagEvaluation' })

export type PutFlag = z.output<typeof putFlagSchema>
export type Flag = z.output<typeof flagSchema>
export type EvaluateFlag = z.output<typeof evaluateFlagSchema>
export type FlagEvaluation = z.output<typeof flagEvaluationSchema>
