import { FreeholdError } from '@freehold/contracts'

/** Says of an error where in the definition it is. */
export async function atPlace<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FreeholdError)) throw error
    throw new FreeholdError(error.code, `body.${place}: ${error.message.replace(/^body\./, '')}`, { cause: error })
  }
}
