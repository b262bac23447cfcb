import { hkdfSync, randomBytes } from 'node:crypto'
import { createSecretCipher, type SecretCipher } from '@freehold/core'
import type { ServerConfig } from './config.ts'
import { loadSharedFile } from './shared-file.ts'

export function generateSecretKey(): string {
  return randomBytes(32).toString('base64')
}

/** The key of this installation, and the one before while that is still configured. */
export async function loadSecretKeys(
  config: ServerConfig,
): Promise<[current: Buffer] | [current: Buffer, previous: Buffer]> {
  const { secretKey, previousSecretKey, dataDir } = config
  const key = secretKey?.reveal() ?? (await loadSharedFile(dataDir, 'secret-key', async () => generateSecretKey()))
  const read = (text: string) => Buffer.from(text, 'base64')
  return previousSecretKey ? [read(key), read(previousSecretKey.reveal())] : [read(key)]
}

/** What encrypts stored secrets, with the key of this installation. */
export async function loadSecretCipher(config: ServerConfig): Promise<SecretCipher> {
  const [current, previous] = await loadSecretKeys(config)
  return createSecretCipher(current, previous)
}

/** 32 bytes for one purpose, which tell nothing of the key (HKDF, RFC 5869). */
export function deriveSecret(key: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `freehold ${purpose}`, 32))
}
