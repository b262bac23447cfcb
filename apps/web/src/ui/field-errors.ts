import { FreeholdError } from '@freehold/contracts/browser'
import { describeError } from './describe-error.ts'

export interface FieldErrors {
  /** What is wrong with a field of the body, by its dotted path, such as `limits.maxSteps`. */
  of: (field: string) => string | undefined
  /** What is wrong with none of these fields, for beside the button. */
  rest: (...shown: string[]) => string | undefined
}

/** Tells a form where to show what the API refused. */
export function fieldErrors(error: Error | null): FieldErrors {
  const fields = error instanceof FreeholdError ? (error.fields ?? []) : []
  // A name in the address of the request stands without `body`.
  const isIn = (path: string, field: string) =>
    path === field || path === `body.${field}` || path.startsWith(`body.${field}.`)
  return {
    of: (field) => fields.find((each) => isIn(each.field, field))?.message,
    rest(...shown) {
      if (!error) return undefined
      const others = fields.filter((each) => !shown.some((field) => isIn(each.field, field)))
      if (fields.length > 0 && others.length === 0) return undefined
      // What `fetch` says of a lost connection is for nobody; a form's own errors are for people.
      return error instanceof TypeError ? describeError(error).next : error.message
    },
  }
}
