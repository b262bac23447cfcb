import { type Environment, environmentSchema, FreeholdError, type Upstream } from '@freehold/contracts'
import { authorize, type Caller, type TenantCaller } from '../identity/caller.ts'
import { upstreamsOf } from './present-service.ts'

/** Where a call of a service goes. */
export interface ServiceRoute {
  tenantId: string
  service: string
  environment: Environment
  upstream: Upstream
  timeoutMs: number
  requestsPerSecond: number | null
  /** The team that owns the service; null: the tenant as a whole. */
  teamId: string | null
  /** The hosts that the tenant keeps to. */
  allowedHosts: string[] | null
}

/**
 * The route from a caller to a service in the environment of their key, else in the one that they chose, else in
 * production. Throws `not_found` for a service that is not within their reach.
 */
export async function findServiceRoute(
  caller: Caller,
  name: string,
  chosen: string | undefined,
): Promise<ServiceRoute> {
  authorize(caller, 'services:call')
  const environment = chooseEnvironment(caller, chosen)
  const row = await caller.platform.database.withTenant(caller, (tx) =>
    tx
      .selectFrom('services as s')
      .innerJoin('tenants as t', 't.id', 's.tenant_id')
      .leftJoin('resource_owners as o', (join) =>
        join.onRef('o.tenant_id', '=', 's.tenant_id').onRef('o.resource', '=', 's.name').on('o.kind', '=', 'service'),
      )
      // Not the contract, which may be large.
      .select(['s.environments', 's.timeout_ms', 's.requests_per_second', 'o.team_id', 't.allowed_hosts'])
      .where('s.name', '=', name)
      .executeTakeFirst(),
  )
  if (!row) throw nothingAt(name)
  const upstream = upstreamsOf(row)[environment]
  if (!upstream) throw new FreeholdError('not_found', `The service "${name}" has no upstream in ${environment}.`)
  return {
    tenantId: caller.tenantId,
    service: name,
    environment,
    upstream,
    timeoutMs: row.timeout_ms,
    requestsPerSecond: row.requests_per_second,
    teamId: row.team_id,
    allowedHosts: row.allowed_hosts,
  }
}

function nothingAt(name: string): FreeholdError {
  const message = `There is no operation at this path, and no service "${name}". GET /api/v1/openapi.json lists what there is.`
  return new FreeholdError('not_found', message)
}

function chooseEnvironment({ environment: bound }: TenantCaller, chosen: string | undefined): Environment {
  const parsed = environmentSchema.safeParse(chosen ?? bound ?? 'production')
  if (!parsed.success) {
    const message = `X-Environment: use ${environmentSchema.options.join(', ')}`
    throw new FreeholdError('invalid_request', message)
  }
  if (!bound || parsed.data === bound) return parsed.data
  const message = `This key is bound to ${bound}. Leave X-Environment out, or use a key for ${parsed.data}.`
  throw new FreeholdError('permission_denied', message)
}
