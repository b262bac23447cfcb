import { fromZodError, secretNameSchema } from '@freehold/contracts'

/** The name of a new secret or connection. Throws `invalid_request`. */
export function parseName(name: string): string {
  const parsed = secretNameSchema.safeParse(name)
  if (parsed.success) return parsed.data
  throw fromZodError(parsed.error, 'name')
}
