/** Which value, and on whose ground. */
export interface SecretRef {
  tenantId: string
  secretId: string
}

export interface StoredValue {
  value: string
  version: string
}

/**
 * Where values are kept that must be readable again. Each is on the ground of its tenant: under another tenant's id there
 * is nothing. May do I/O, so nobody calls it inside of a transaction.
 */
export interface Vault {
  readonly kind: 'postgres' | 'openbao' | 'openbao-transit' | 'aws'
  /** Stores a value in place of the one before, and resolves with its version: another one each time. */
  put(secret: SecretRef, value: string): Promise<string>
  /** Undefined when there is none. */
  get(secret: SecretRef): Promise<StoredValue | undefined>
  /** Leaves no version behind. Where there is none it does nothing. */
  delete(secret: SecretRef): Promise<void>
  /**
   * Gives a tenant a new key, encrypts its values under it and destroys the one before. Cut off and asked for again, it goes on
   * where it was. Resolves with how many values it encrypted. Absent where keys are the vault's own affair.
   */
  rotateKey?(tenantId: string): Promise<number>
  /** A key that it has for each tenant outside of our database; absent where there is no such thing. */
  readonly tenantKey?: TenantKey
}

export interface TenantKey {
  exists(tenantId: string): Promise<boolean>
  /** For good. Where there is none it does nothing. */
  delete(tenantId: string): Promise<void>
}
