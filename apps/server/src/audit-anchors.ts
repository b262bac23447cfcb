import { createPrivateKey } from 'node:crypto'
import { mkdir, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
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
import { repeat } from './repeat.ts'
import { generateServiceKeys } from './service-token.ts'
import { loadSharedFile } from './shared-file.ts'

const anchoringMs = 120_000
const lastMomentMs = 5_000

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

/** Anchors what has grown at once, every two minutes, and a last time when it is stopped; archives what is due in between. */
export function startAnchoring(database: Database, anchors: Anchors, logger: Logger): () => Promise<void> {
  const anchorChains = createAnchoring(database, anchors)
  const archiving = anchors.archive && startArchiving(createArchiving(database, anchors, anchors.archive), logger)
  const anchor = async () => {
    try {
      const tenants = await anchorChains()
      if (tenants.length > 0) logger.error({ tenants }, 'audit chains contradict their anchors; run audit verify')
    } catch (error) {
      logger.warn({ err: error }, 'anchoring the audit chains failed; trying later')
    }
  }
  const everyMs = Math.min(anchoringMs, anchors.archive?.afterMs ?? anchoringMs)
  const stopAnchoring = repeat(everyMs, () => anchor().then(archiving?.begin), logger)
  return async () => {
    await archiving?.stop()
    await stopAnchoring()
    await anchor()
  }
}

/** Never twice at a time, and beside the anchoring, which waits for no object store. */
function startArchiving(archiveChains: ReturnType<typeof createArchiving>, logger: Logger) {
  const stopping = new AbortController()
  let underWay: Promise<void> | undefined
  const archive = async () => {
    try {
      const { segments, contradicting: tenants } = await archiveChains(stopping.signal)
      if (segments > 0) logger.info({ segments }, 'audit entries were archived')
      if (tenants.length > 0) logger.error({ tenants }, 'audit chains contradict their archives; run audit verify')
    } catch (error) {
      if (!stopping.signal.aborted) logger.error({ err: error }, 'archiving the audit chains failed; trying later')
    }
  }
  return {
    begin() {
      if (stopping.signal.aborted) return
      underWay ??= archive().finally(() => {
        underWay = undefined
      })
    },
    /** Gives what is under way a moment; cut off it harms nothing. */
    async stop() {
      stopping.abort()
      await Promise.race([underWay, delay(lastMomentMs, undefined, { ref: false })])
    },
  }
}
