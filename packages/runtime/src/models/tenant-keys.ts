import { FreeholdError } from '@freehold/contracts'
import { type Database, type ProviderKey, readProviderKey, type Vault } from '@freehold/core'
import { createGuardedStream, type EgressRule } from '../egress/index.ts'
import { ModelError } from './model.ts'

/** Tenants' own keys for providers, which go before the installation's. */
export interface TenantKeys {
  /** Undefined when the tenant has none for the provider. Throws `ModelError` when it has one that can't be read. */
  read(tenantId: string, provider: string): Promise<ProviderKey | undefined>
  /** For base URLs that a tenant gave. */
  fetch: typeof fetch
}

export interface TenantKeysParts {
  database: Database
  vault: Vault
  operatorAllow: readonly EgressRule[]
}

export function createTenantKeys(parts: TenantKeysParts): TenantKeys {
  return {
    read: (tenantId, provider) => readProviderKey(parts, tenantId, provider).catch(refuse),
    // Not bound by the tenant's list of hosts, which is about what agents reach: people set up connections.
    fetch: createGuardedStream({ operatorAllow: [...parts.operatorAllow], tenantAllowedHosts: null }),
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof FreeholdError)) throw error
  throw new ModelError('model_unavailable', error.message, { cause: error, retryable: error.retryable })
}
