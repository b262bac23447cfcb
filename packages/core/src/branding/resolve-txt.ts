import { Resolver } from 'node:dns/promises'
import { FreeholdError } from '@freehold/contracts'

/** The values of the TXT records of a name; none when there is no such name. */
export type ResolveTxt = (name: string) => Promise<string[]>

/** What says that a name, or a record of it, is not there. */
const absent = new Set(['ENOTFOUND', 'ENODATA'])

/** Asks the given servers (`address` or `address:port`), or else those of the system. */
export function createTxtResolver(servers: readonly string[] = []): ResolveTxt {
  return async (name) => {
    const resolver = new Resolver({ timeout: 3_000, tries: 2 })
    if (servers.length > 0) resolver.setServers([...servers])
    try {
      // A value of more than 255 bytes comes in pieces.
      return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''))
    } catch (error) {
      if (error instanceof Error && 'code' in error && absent.has(String(error.code))) return []
      throw new FreeholdError('unavailable', 'DNS did not answer. Try again in a moment.', {
        cause: error,
        retryAfterSeconds: 5,
        retryable: true,
      })
    }
  }
}
