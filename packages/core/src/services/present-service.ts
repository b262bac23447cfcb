import { type Contract, FreeholdError, type Service, type ServiceSummary, type Upstream } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Services } from '../db/schema.gen.ts'

export type ServiceRow = Selectable<Services> & { team_id: string | null }

export type Upstreams = Partial<Record<'development' | 'staging' | 'production', Upstream>>

export function selectServices(tx: Tx) {
  return selectSummaries(tx).select('s.contract')
}

/** Without the contracts, which may be large. */
export function selectSummaries(tx: Tx) {
  return tx
    .selectFrom('services as s')
    .leftJoin('resource_owners as o', (join) =>
      join.onRef('o.tenant_id', '=', 's.tenant_id').onRef('o.resource', '=', 's.name').on('o.kind', '=', 'service'),
    )
    .select(['s.tenant_id', 's.name', 's.description', 's.contract_kind', 's.environments', 's.timeout_ms'])
    .select(['s.requests_per_second', 's.created_by', 's.created_at', 's.updated_at', 'o.team_id'])
}

export function toSummary(row: Omit<ServiceRow, 'contract'>): ServiceSummary {
  return {
    name: row.name,
    description: row.description,
    // As `contractOf`.
    contract: row.contract_kind as ServiceSummary['contract'],
    environments: upstreamsOf(row),
    timeoutMs: row.timeout_ms,
    limits: { requestsPerSecond: row.requests_per_second },
    teamId: row.team_id,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

export function toService(row: ServiceRow): Service {
  return { ...toSummary(row), contract: contractOf(row) }
}

/** Both columns were written by `putService`, from what its schema let through. */
export function contractOf(row: Pick<ServiceRow, 'contract' | 'contract_kind'>): Contract | null {
  return row.contract_kind === null ? null : ({ kind: row.contract_kind, document: row.contract } as Contract)
}

/** As `contractOf`. */
export function upstreamsOf(row: Pick<ServiceRow, 'environments'>): Upstreams {
  return row.environments as Upstreams
}

export async function findService(tx: Tx, name: string): Promise<ServiceRow> {
  const row = await selectServices(tx).where('s.name', '=', name).executeTakeFirst()
  if (!row) throw serviceNotFound(name)
  return row
}

export function serviceNotFound(name: string): FreeholdError {
  return new FreeholdError('not_found', `There is no service "${name}".`)
}
