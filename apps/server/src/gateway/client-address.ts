import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

export function clientAddress(c: Context): string {
  // Without a socket under it, as in a test, a request comes from this process.
  return c.env ? (getConnInfo(c).remote.address ?? 'unknown') : 'in-process'
}
