import { FreeholdError } from '@freehold/contracts'

/** Says of an error where in the definition it is. */
export async function atPlace<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FreeholdError)) throw error
    const inBody = (field: string) => field.replace(/^body\./, '')
    const fields = error.fields?.map(({ field, message }) => ({ field: `body.${place}.${inBody(field)}`, message }))
    const options = { cause: error, ...(fields && { fields }) }
    throw new FreeholdError(error.code, `body.${place}: ${inBody(error.message)}`, options)
  }
}
