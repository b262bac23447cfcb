import { createPrivateKey } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AnchorStore,
  type Anchors,
  createAnchoring,
  createArchiving,
  type Database,
  type ObjectStore,
} from '@freehold/core'
import type { Logger } from 'pino'
import type { ServerConfig } from './config.ts'
import { generateServiceKeys } from './service-token.ts'
import { loadSharedFile } from './shared-file.ts'

const anchoringMs = 120_000

/**
 * The anchors of this installation. Their key is not that of the gateway: only what reads the chains may vouch for them.
 */
export async function loadAnchors(
  { dataDir, auditArchive }: Pick<ServerConfig, 'dataDir' | 'auditArchive'>,
  objects: ObjectStore,
): Promise<Anchors> {
  const jwk = await loadSharedFile(dataDir, 'audit-key.json', async () =>
    JSON.stringify((await generateServiceKeys()).privateKey),
  )
  return {
    store: createFileStore(join(dataDir, 'audit-anchors')),
    privateKey: createPrivateKey({ key: { kty: 'OKP', ...JSON.parse(jwk) }, format: 'jwk' }),
    archive: auditArchive && { objects, ...auditArchive },
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

/** Anchors what has grown, and archives what is due, at once and every two minutes; anchors a last time when it is stopped. */
export function startAnchoring(database: Database, anchors: Anchors, logger: Logger): () => Promise<void> {
  const stop = new AbortController()
  const anchorChains = createAnchoring(database, anchors)
  const archiveChains = anchors.archive && createArchiving(database, anchors, anchors.archive)
  const anchor = async () => {
    try {
      const tenants = await anchorChains()
      if (tenants.length > 0) logger.error({ tenants }, 'audit chains contradict their anchors; run audit verify')
    } catch (error) {
      logger.warn({ err: error }, 'anchoring the audit chains failed; trying later')
    }
  }
  const archive = async () => {
    try {
      const { segments = 0, contradicting: tenants = [] } = (await archiveChains?.(stop.signal)) ?? {}
      if (segments > 0) logger.info({ segments }, 'audit entries were archived')
      if (tenants.length > 0) logger.error({ tenants }, 'audit chains contradict their archives; run audit verify')
    } catch (error) {
      logger.error({ err: error }, 'archiving the audit chains failed; trying later')
    }
  }
  let underWay = anchor().then(archive)
  const timer = setInterval(
    () => {
      underWay = underWay.then(anchor).then(archive)
    },
    Math.min(anchoringMs, anchors.archive?.afterMs ?? anchoringMs),
  )
  return async () => {
    clearInterval(timer)
    stop.abort()
    await underWay.then(anchor)
  }
}
