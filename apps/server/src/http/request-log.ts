import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'

/** One line per request, when its response begins. Probes are left out. */
export function requestLog(logger: Logger): MiddlewareHandler<{ Variables: { requestId: string } }> {
  return async function logRequest(c, next) {
    const startedAt = performance.now()
    await next()
    if (c.req.path === '/health' || c.req.path === '/ready') return
    logger.info(
      {
        requestId: c.get('requestId'),
        method: c.req.method,
        path: withoutToken(c.req.path),
        status: c.res.status,
        durationMs: Math.round(performance.now() - startedAt),
      },
      'request',
    )
  }
}

/** Some paths have a secret in them: whoever reads it could set someone's password, or see who is invited. */
export function withoutToken(path: string): string {
  return path.replace(/^(\/auth\/reset-password\/|(?:\/api\/v1\/public|\/internal)?\/invitations\/).+/s, '$1…')
}
