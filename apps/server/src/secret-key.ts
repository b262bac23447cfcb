import { randomBytes } from 'node:crypto'
import { createSecretCipher, type SecretCipher } from '@freehold/core'
import type { ServerConfig } from './config.ts'
import { loadSharedFile } from './shared-file.ts'

export function generateSecretKey(): string {
  return randomBytes(32).toString('base64')
}

/** What encrypts stored secrets, with the key of this installation. */
export async function loadSecretCipher({ secretKey, previousSecretKey, dataDir }: ServerConfig): Promise<SecretCipher> {
  const key = secretKey?.reveal() ?? (await loadSharedFile(dataDir, 'secret-key', async () => generateSecretKey()))
  const previous = previousSecretKey && Buffer.from(previousSecretKey.reveal(), 'base64')
  return createSecretCipher(Buffer.from(key, 'base64'), previous)
}
