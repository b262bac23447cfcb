import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import {
  type AuditAnchor,
  type AuditAnchors,
  auditAnchorSchema,
  type DeletionCertificate,
  deletionCertificateSchema,
} from '@freehold/contracts'
import { canonicalJson } from '../canonical-json.ts'
import type { Database } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Head } from './find-flaw.ts'

/** Where anchors are kept: somewhere that whoever can change the database can't. Nothing in it is ever rewritten. */
export interface AnchorStore {
  append(tenantId: string, line: string): Promise<void>
  /** The lines of a tenant, the oldest first. */
  read(tenantId: string): Promise<string[]>
}

/** Where the entries themselves are kept outside of the database, and how old they are by then at the most. */
export interface AuditArchive {
  objects: ObjectStore
  afterMs: number
}

/** The store, and the Ed25519 key whose signature an anchor has to bear. */
export interface Anchors {
  store: AnchorStore
  privateKey: KeyObject
  /** Absent where nothing is archived. */
  archive?: AuditArchive | undefined
}

const tenantsAtOnce = 500
const anchorsShown = 100

/**
 * Makes what anchors every chain that has grown since its last anchor. It answers the tenants whose chain contradicts its
 * newest anchor: those that no longer reach it, or don't hold the hash that was anchored. For them nothing is signed.
 */
export function createAnchoring(database: Database, anchors: Anchors): () => Promise<string[]> {
  const newest = new Map<string, AuditAnchor | undefined>()

  async function followsFrom(before: AuditAnchor, { seq, hash }: ChainHead): Promise<boolean> {
    // Nothing is left of the chain.
    if (seq === null) return false
    return seq === before.seq ? hash === before.hash : seq > before.seq && holds(database, before)
  }

  /** False when the chain contradicts its newest anchor. */
  async function anchor(head: ChainHead): Promise<boolean> {
    const tenantId = head.tenant_id
    let before = newest.get(tenantId)
    // A tenant that was deleted and imported again has another chain than this process remembers.
    if (!before || !(await followsFrom(before, head))) {
      before = newestOf((await readAnchors(anchors, tenantId)).valid)
      newest.set(tenantId, before)
      if (before && !(await followsFrom(before, head))) return false
    }
    if (head.seq === null || head.hash === null || head.seq === before?.seq) return true
    const signed = signAnchor(anchors, { tenantId, seq: head.seq, hash: head.hash })
    await anchors.store.append(tenantId, JSON.stringify(signed))
    newest.set(tenantId, signed)
    return true
  }

  return async function anchorChains() {
    const contradicting: string[] = []
    for await (const head of listHeads(database)) if (!(await anchor(head))) contradicting.push(head.tenant_id)
    return contradicting
  }
}

export interface ChainHead {
  tenant_id: string
  /** Null when the tenant has no entry. */
  seq: number | null
  hash: string | null
}

/** How far the chain of each tenant has come, but for those whose deletion has begun. */
export async function* listHeads(database: Database): AsyncGenerator<ChainHead> {
  const text = 'select * from door_list_audit_heads($1, $2)'
  let heads: ChainHead[]
  let after: string | null = null
  do {
    heads = await database.call<ChainHead>('list-audit-heads', text, [after, tenantsAtOnce])
    yield* heads
    after = heads.at(-1)?.tenant_id ?? null
  } while (heads.length === tenantsAtOnce)
}

function holds(database: Database, { tenantId, seq, hash }: AuditAnchor): Promise<boolean> {
  return database.withTenant(tenantId, async (tx) => {
    const row = await tx.selectFrom('audit_entries').select('hash').where('seq', '=', seq).executeTakeFirst()
    return row?.hash === hash
  })
}

export function signAnchor({ privateKey }: Anchors, { tenantId, seq, hash }: Head & { tenantId: string }): AuditAnchor {
  return signWith(privateKey, { tenantId, seq, hash, at: new Date().toISOString() })
}

export function isSignedAnchor(anchor: AuditAnchor, { privateKey }: Anchors, tenantId: string): boolean {
  return anchor.tenantId === tenantId && isSigned(anchor, createPublicKey(privateKey))
}

/** The anchors of a tenant that this installation signed, and how many it didn't. A line that a crash cut off is neither. */
export async function readAnchors(
  { store, privateKey }: Anchors,
  tenantId: string,
): Promise<{ valid: AuditAnchor[]; foreign: number }> {
  const publicKey = createPublicKey(privateKey)
  const lines = await store.read(tenantId)
  // What was deleted may be imported again, and is another chain then.
  const deletedAt = lines.findLastIndex((line) => parseCertificate(line, tenantId, publicKey) !== undefined)
  const found = lines
    .slice(deletedAt + 1)
    .map(parseAnchor)
    .filter((anchor) => anchor !== undefined)
  const valid = found.filter((anchor) => anchor.tenantId === tenantId && isSigned(anchor, publicKey))
  return { valid, foreign: found.length - valid.length }
}

/** The one that reaches furthest. */
export function newestOf(anchors: readonly AuditAnchor[]): AuditAnchor | undefined {
  return anchors.reduce<AuditAnchor | undefined>(
    (best, each) => (best && best.seq >= each.seq ? best : each),
    undefined,
  )
}

function parseAnchor(line: string): AuditAnchor | undefined {
  try {
    return auditAnchorSchema.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}

/** The newest certificate that this installation signed of a tenant's deletion. */
export async function readCertificate(
  { store, privateKey }: Anchors,
  tenantId: string,
): Promise<DeletionCertificate | undefined> {
  const publicKey = createPublicKey(privateKey)
  const lines = await store.read(tenantId)
  return lines.map((line) => parseCertificate(line, tenantId, publicKey)).findLast((found) => found !== undefined)
}

export async function storeCertificate(
  { store, privateKey }: Anchors,
  content: Omit<DeletionCertificate, 'keyId' | 'signature'>,
): Promise<DeletionCertificate> {
  const certificate = signWith(privateKey, content)
  await store.append(content.tenantId, JSON.stringify(certificate))
  return certificate
}

function parseCertificate(line: string, tenantId: string, publicKey: KeyObject): DeletionCertificate | undefined {
  if (!line.includes('"deletion"')) return undefined
  try {
    const certificate = deletionCertificateSchema.parse(JSON.parse(line))
    return certificate.tenantId === tenantId && isSigned(certificate, publicKey) ? certificate : undefined
  } catch {
    return undefined
  }
}

function signWith<T extends object>(privateKey: KeyObject, content: T): T & { keyId: string; signature: string } {
  const signed = { ...content, keyId: keyIdOf(createPublicKey(privateKey)) }
  return { ...signed, signature: sign(null, Buffer.from(canonicalJson(signed)), privateKey).toString('base64url') }
}

function isSigned({ signature, ...content }: { signature: string }, publicKey: KeyObject): boolean {
  return verify(null, Buffer.from(canonicalJson(content)), publicKey, Buffer.from(signature, 'base64url'))
}

/** The JWK thumbprint (RFC 7638) of an Ed25519 key. */
function keyIdOf(publicKey: KeyObject): string {
  const { crv, kty, x } = publicKey.export({ format: 'jwk' })
  return createHash('sha256').update(canonicalJson({ crv, kty, x })).digest('base64url')
}

/** The newest anchors of the caller's tenant, newest last, and the key to verify them with. */
export async function listAuditAnchors(caller: Caller, anchors: Anchors): Promise<AuditAnchors> {
  authorize(caller, 'audit:read')
  const { valid } = await readAnchors(anchors, caller.tenantId)
  return { publicKey: publicKeyOf(anchors), items: valid.slice(-anchorsShown) }
}

/** The key that anchors are verified with, as a JWK. */
export function publicKeyOf({ privateKey }: Anchors): Record<string, string> {
  const publicKey = createPublicKey(privateKey)
  const { crv = '', kty = '', x = '' } = publicKey.export({ format: 'jwk' })
  return { crv, kty, x, kid: keyIdOf(publicKey) }
}
