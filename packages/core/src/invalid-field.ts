import { FreeholdError } from '@freehold/contracts'

/** What a verb finds wrong with one field beyond its schema. `field` is a dotted path, such as `body.cron`. */
export function invalidField(field: string, message: string): FreeholdError {
  return new FreeholdError('invalid_request', `${field}: ${message}`, { fields: [{ field, message }] })
}
