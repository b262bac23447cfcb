import { createStoredProvider, createUnleashProvider, type Database, type Flags, openFlags } from '@freehold/core'
import type { Logger } from 'pino'
import type { ServerConfig } from './config.ts'

/** The flags in the database, or in Unleash where that is configured. */
export function openConfiguredFlags({ unleash }: ServerConfig, database: Database, logger: Logger): Promise<Flags> {
  if (!unleash) return openFlags('stored', createStoredProvider(database))
  const report = (error: unknown) => logger.warn({ err: error }, 'the flags of Unleash can not be read')
  const provider = createUnleashProvider({ url: unleash.url, token: unleash.token.reveal(), onError: report })
  return openFlags('unleash', provider, report)
}
