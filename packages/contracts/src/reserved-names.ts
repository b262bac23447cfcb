import type { Operation } from './operation.ts'
import { operations } from './operations.ts'

/** Of surfaces beside the operations, and kept for the platform. */
const kept = [
  ...['a2a', 'admin', 'agui', 'api', 'auth', 'docs', 'freehold', 'health', 'internal', 'login', 'mcp', 'metrics'],
  ...['openai', 'openapi', 'platform', 'public', 'ready', 'status', 'system', 'well-known'],
]

const reserved: ReadonlySet<string> = new Set([
  ...kept,
  ...Object.values<Operation>(operations).map(({ path }) => path.split('/')[1] ?? ''),
])

/** Whether a first segment below `/api/v1` is the platform's, so that no service can have it. */
export function isReservedServiceName(name: string): boolean {
  return reserved.has(name)
}

/** The service that a path of the public surface calls, and what of it comes after its name; undefined for our own paths. */
export function readServicePath(pathname: string): { service: string; rest: string } | undefined {
  const [, service = '', rest = ''] = /^\/api\/v1\/([^/]+)(\/.*)?$/.exec(pathname) ?? []
  // The document of our own operations is no service either.
  return service === '' || service === 'openapi.json' || reserved.has(service) ? undefined : { service, rest }
}
