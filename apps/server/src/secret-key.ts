import { randomBytes } from 'node:crypto'
import { createSecretCipher, type SecretCipher } from '@freehold/core'
import type { ServerConfig } from './config.ts'
import { loadSharedFile } from './shared-file.ts'

export function generateSecretKey(): string {
  return randomBytes(32).toString('base64')
}

/** What encrypts stored secrets, with the key of this installation. */
export async function loadSecretCipher({ secretKey, dataDir }: ServerConfig): Promise<SecretCipher> {
  const key = secretKey?.reveal() ?? (await loadSharedFile(dataDir, 'secret-key', async () => generateSecretKey()))
  return createSecretCipher(Buffer.from(key, 'base64'))
}
