import { type Logger, pino } from 'pino'
import type { ServerConfig } from './config.ts'

/** JSON lines on standard output. */
export function createLogger(config: Pick<ServerConfig, 'logLevel' | 'target'>): Logger {
  return pino({ level: config.logLevel, base: { target: config.target }, serializers: { err: describeError } })
}

interface ErrorDescription {
  type: string
  message: string
  code?: unknown
  stack?: string | undefined
  cause?: ErrorDescription
}

/**
 * What may be told of an error. Libraries hang whole clients, requests and prompts on theirs, credentials among them, so
 * only these few fields go out.
 */
function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  return {
    type: error.name,
    message: error.message,
    ...('code' in error && { code: error.code }),
    stack: error.stack,
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  }
}
