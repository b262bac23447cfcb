import { FreeholdError } from '@freehold/contracts'

export const exitCodes = { ok: 0, requestFailed: 1, wrongUsage: 2, runFailed: 3, differs: 4, interrupted: 130 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** What ends a command before or beside the server's answer. The message tells a person what to do next. */
export class CliError extends Error {
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = exitCodes.requestFailed, cause?: unknown) {
    super(message, { cause })
    this.name = 'CliError'
    this.exitCode = exitCode
  }
}

export function wrongUsage(message: string): CliError {
  return new CliError(message, exitCodes.wrongUsage)
}

/** One line for a person. `requestId` is that of the request the server refused last. */
export function describeError(error: unknown, requestId?: string): string {
  if (error instanceof FreeholdError) {
    const request = requestId === undefined ? '' : `, request ${requestId}`
    return `${error.message} (${error.code}${request})`
  }
  return error instanceof Error ? error.message : String(error)
}

/** The part of a zod schema that reading input needs. */
interface Schema<T> {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } }
}

/** Checks what the user gave by the schema that the server uses. Throws a wrong usage that names every field. */
export function parseInput<T>(schema: Schema<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message,
  )
  throw wrongUsage(problems.join('; '))
}
