import { z } from 'zod'
import { type ErrorCode, errorStatus, FreeholdError } from './errors.ts'

/** An RFC 9457 problem document. */
export const problemSchema = z
  .object({
    type: z.string().meta({ example: 'https://freehold.dev/problems/not_found' }),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]),
    detail: z.string(),
    requestId: z.string(),
    retryable: z.boolean(),
    fields: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export type Problem = z.output<typeof problemSchema>

/** How a value fails to fit a JSON Schema, as far as zod can tell by one. */
export function findSchemaProblem(
  schema: Record<string, unknown>,
  value: unknown,
  location: string,
): FreeholdError | undefined {
  const parsed = z.fromJSONSchema(schema).safeParse(value)
  return parsed.success ? undefined : fromZodError(parsed.error, location)
}

/** Turns what zod found into one error that names every field. `location` is `body`, `query` or `path`. */
export function fromZodError(error: z.ZodError, location: string): FreeholdError {
  const fields = error.issues.map((issue) => ({
    field: [location, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }))
  const summary = fields.map(({ field, message }) => `${field}: ${message}`).join('; ')
  return new FreeholdError('invalid_request', summary, { fields })
}
