import { createPrivateKey } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AnchorStore, type Anchors, createAnchoring, type Database } from '@freehold/core'
import type { Logger } from 'pino'
import type { ServerConfig } from './config.ts'
import { generateServiceKeys } from './service-token.ts'
import { loadSharedFile } from './shared-file.ts'

const anchoringMs = 120_000

/**
 * The anchors of this installation. Their key is not that of the gateway: only what reads the chains may vouch for them.
 */
export async function loadAnchors({ dataDir }: Pick<ServerConfig, 'dataDir'>): Promise<Anchors> {
  const jwk = await loadSharedFile(dataDir, 'audit-key.json', async () =>
    JSON.stringify((await generateServiceKeys()).privateKey),
  )
  return {
    store: createFileStore(join(dataDir, 'audit-anchors')),
    privateKey: createPrivateKey({ key: { kty: 'OKP', ...JSON.parse(jwk) }, format: 'jwk' }),
  }
}

/** JSON Lines in a folder, one file for each tenant. */
function createFileStore(folder: string): AnchorStore {
  const pathOf = (tenantId: string) => join(folder, `${tenantId}.jsonl`)
  return {
    async append(tenantId, line) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const file = await open(pathOf(tenantId), 'a', 0o600)
      try {
        // Begins a line of its own, also after one that a crash cut off.
        await file.appendFile(`\n${line}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },
    async read(tenantId) {
      try {
        return (await readFile(pathOf(tenantId), 'utf8')).split('\n').filter(Boolean)
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
        throw error
      }
    },
  }
}

/** Anchors what has grown at once, every two minutes, and a last time when it is stopped. */
export function startAnchoring(database: Database, anchors: Anchors, logger: Logger): () => Promise<void> {
  const anchorChains = createAnchoring(database, anchors)
  const anchor = async () => {
    try {
      const tenants = await anchorChains()
      if (tenants.length > 0) logger.error({ tenants }, 'audit chains contradict their anchors; run audit verify')
    } catch (error) {
      logger.warn({ err: error }, 'anchoring the audit chains failed; trying later')
    }
  }
  let anchoring = anchor()
  const timer = setInterval(() => {
    anchoring = anchoring.then(anchor)
  }, anchoringMs)
  return async () => {
    clearInterval(timer)
    await anchoring.then(anchor)
  }
}
