import { readFile } from 'node:fs/promises'
import {
  createAwsVault,
  createOpenBaoVault,
  createPostgresVault,
  createTransitVault,
  type Database,
  type SecretCipher,
  type Vault,
} from '@freehold/core'
import type { VaultConfig } from './config.ts'
import { Secret } from './secret.ts'

/** Where this installation keeps tenants' values. */
export function openVault(config: VaultConfig, database: Database, secrets: SecretCipher): Vault {
  if (config.kind === 'postgres') return createPostgresVault(database, secrets)
  // Region, credentials and end point: from the environment, as AWS's own tools have it.
  if (config.kind === 'aws') return createAwsVault(config.prefix)
  const { url, mount, token } = config
  const readToken = async () => (token instanceof Secret ? token.reveal() : (await readFile(token.path, 'utf8')).trim())
  const bao = { url, mount, readToken }
  if (config.kind === 'openbao') return createOpenBaoVault(bao)
  return createTransitVault(database, { ...bao, keyPrefix: config.keyPrefix })
}
