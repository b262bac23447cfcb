import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type AuditAnchor, type AuditAnchors, auditAnchorSchema } from '@freehold/contracts'
import { canonicalJson } from '../canonical-json.ts'
import type { Database } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'

/** Where anchors are kept: somewhere that whoever can change the database can't. Nothing in it is ever rewritten. */
export interface AnchorStore {
  append(tenantId: string, line: string): Promise<void>
  /** The lines of a tenant, the oldest first. */
  read(tenantId: string): Promise<string[]>
}

/** The store, and the Ed25519 key whose signature an anchor has to bear. */
export interface Anchors {
  store: AnchorStore
  privateKey: KeyObject
}

const tenantsAtOnce = 500
const anchorsShown = 100

/**
 * Makes what anchors every chain that has grown since its last anchor. It answers the tenants whose chain contradicts its
 * newest anchor: those that no longer reach it, or don't hold the hash that was anchored. For them nothing is signed.
 */
export function createAnchoring(database: Database, anchors: Anchors): () => Promise<string[]> {
  const newest = new Map<string, AuditAnchor | undefined>()

  /** False when the chain contradicts its newest anchor. */
  async function anchor(head: Head): Promise<boolean> {
    const tenantId = head.tenant_id
    if (!newest.has(tenantId)) newest.set(tenantId, newestOf((await readAnchors(anchors, tenantId)).valid))
    const before = newest.get(tenantId)
    // Nothing is left of the chain, or there never was anything.
    if (head.seq === null || head.hash === null) return before === undefined
    if (before && head.seq <= before.seq) return head.seq === before.seq && head.hash === before.hash
    if (before && !(await holds(database, before))) return false
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

interface Head {
  tenant_id: string
  /** Null when the tenant has no entry. */
  seq: number | null
  hash: string | null
}

async function* listHeads(database: Database): AsyncGenerator<Head> {
  const text = 'select * from door_list_audit_heads($1, $2)'
  let heads: Head[]
  let after: string | null = null
  do {
    heads = await database.call<Head>('list-audit-heads', text, [after, tenantsAtOnce])
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

function signAnchor({ privateKey }: Anchors, head: { tenantId: string; seq: number; hash: string }): AuditAnchor {
  const content = { ...head, at: new Date().toISOString(), keyId: keyIdOf(createPublicKey(privateKey)) }
  const signature = sign(null, Buffer.from(canonicalJson(content)), privateKey).toString('base64url')
  return { ...content, signature }
}

/** The anchors of a tenant that this installation signed, and how many it didn't. A line that a crash cut off is neither. */
export async function readAnchors(
  { store, privateKey }: Anchors,
  tenantId: string,
): Promise<{ valid: AuditAnchor[]; foreign: number }> {
  const publicKey = createPublicKey(privateKey)
  const found = (await store.read(tenantId)).map(parseAnchor).filter((anchor) => anchor !== undefined)
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

function isSigned({ signature, ...content }: AuditAnchor, publicKey: KeyObject): boolean {
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
  const publicKey = createPublicKey(anchors.privateKey)
  const { crv = '', kty = '', x = '' } = publicKey.export({ format: 'jwk' })
  return { publicKey: { crv, kty, x, kid: keyIdOf(publicKey) }, items: valid.slice(-anchorsShown) }
}
