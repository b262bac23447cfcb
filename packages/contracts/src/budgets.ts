import { z } from 'zod'
import { plainText } from './plain-text.ts'
import { idSchema } from './tenants.ts'

export const budgetScopeKinds = ['tenant', 'team', 'user', 'agent', 'run', 'api_key'] as const
export const budgetPeriods = ['hour', 'day', 'month', 'total'] as const

const scopeSchema = z
  .strictObject({
    kind: z.enum(budgetScopeKinds),
    id: z.string().min(1).max(200).nullable().default(null).meta({
      description: 'Null: each of that kind has the allowance of its own. A run counts with its delegations.',
    }),
  })
  .refine(({ kind, id }) => kind !== 'tenant' || id === null, {
    path: ['id'],
    message: 'leave it out: a key knows no other tenant than its own',
  })

const limit = z.int().min(0).nullable()
const nanosWords = 'give a whole number of billionths of a dollar, such as 5000000000 for 5 dollars'
const mostWords = `at most ${Number.MAX_SAFE_INTEGER} billionths of a dollar, which are 9 million dollars`
const limitsShape = {
  limitNanos: z
    .int({ error: ({ code }) => (code === 'too_big' ? mostWords : nanosWords) })
    .min(0, nanosWords)
    .nullable()
    .meta({ description: 'Nano-USD per period.' }),
  tokenLimit: limit.meta({ description: 'Tokens in and out per period.' }),
  requestLimit: limit.meta({ description: 'Calls of a model per period.' }),
}
const budgetNameSchema = plainText(100)
const softPercent = z
  .int()
  .min(1)
  .max(100)
  .nullable()
  .meta({ description: 'Once this share is spent or reserved, a run says so with `budget.warned`, once per period.' })

export const createBudgetSchema = z
  .strictObject({
    name: budgetNameSchema,
    scope: scopeSchema.prefault({ kind: 'tenant' }),
    period: z.enum(budgetPeriods).meta({ description: "In the tenant's time zone. `total` never resets." }),
    limitNanos: limitsShape.limitNanos.default(null),
    tokenLimit: limitsShape.tokenLimit.default(null),
    requestLimit: limitsShape.requestLimit.default(null),
    softPercent: softPercent.default(null),
  })
  .refine(({ limitNanos, tokenLimit, requestLimit }) => (limitNanos ?? tokenLimit ?? requestLimit) !== null, {
    message: 'give at least one of limitNanos, tokenLimit and requestLimit',
  })
export type CreateBudget = z.output<typeof createBudgetSchema>

export const updateBudgetSchema = z
  .strictObject({ name: budgetNameSchema, ...limitsShape, softPercent })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { message: 'give at least one field to change' })
export type UpdateBudget = z.output<typeof updateBudgetSchema>

/** What is allowed, used and left of one measure. */
const measureSchema = z.object({
  allowed: z.int().nullable().meta({ description: 'The limit and what people allowed on top; null: not limited.' }),
  spent: z.int(),
  reserved: z.int().meta({ description: 'Worst case of the calls under way.' }),
  remaining: z.int().nullable(),
})

const budgetWindowSchema = z
  .object({
    subject: z.string().meta({ description: 'Whose allowance it is: a user, an agent, the id of a run …' }),
    startsAt: z.iso.datetime().nullable(),
    resetsAt: z.iso.datetime().nullable().meta({ description: 'Null: never.' }),
    nanos: measureSchema,
    tokens: measureSchema,
    requests: measureSchema,
    forecastNanos: z.int().nullable().meta({
      description:
        'What will be spent when the period ends, if it goes on as so far. Null before a hundredth of it is over, or when it has no end.',
    }),
    warned: z.boolean(),
  })
  .meta({ id: 'BudgetWindow' })
export type BudgetWindow = z.output<typeof budgetWindowSchema>

export const budgetSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    scope: z.object({ kind: z.enum(budgetScopeKinds), id: z.string().nullable() }),
    period: z.enum(budgetPeriods),
    ...limitsShape,
    softPercent,
    windows: z.array(budgetWindowSchema).meta({
      description:
        'The period under way. Where each has an allowance of its own: of those that used most, five at most.',
    }),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Budget' })
export type Budget = z.output<typeof budgetSchema>
