import type { Logger } from 'pino'

/** At once and then every so often, but never twice at a time. Makes what stops it, which waits for what is under way. */
export function repeat(everyMs: number, work: () => Promise<void>, logger: Logger): () => Promise<void> {
  let underWay: Promise<void> | undefined
  const begin = () => {
    underWay ??= work()
      .catch((error: unknown) => logger.warn({ err: error }, 'housekeeping failed; trying later'))
      .finally(() => {
        underWay = undefined
      })
  }
  begin()
  const timer = setInterval(begin, everyMs)
  return async () => {
    clearInterval(timer)
    await underWay
  }
}
