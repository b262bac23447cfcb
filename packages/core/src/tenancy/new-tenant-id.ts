import { createHash } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { actorName, type Caller } from '../identity/caller.ts'

/**
 * The id of a tenant to come. With an idempotency key it follows from that and from who asks, so that a repeated request
 * comes back to the same ground, where the first one is remembered: a UUID of version 8 (RFC 9562, section 5.8).
 */
export function newTenantId(caller: Caller, idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) return uuidv7()
  const bytes = createHash('sha256')
    .update(`freehold tenant ${actorName(caller)} ${idempotencyKey}`)
    .digest()
    .subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
