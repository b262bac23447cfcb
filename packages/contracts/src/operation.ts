import { z } from 'zod'
import type { Permission } from './permissions.ts'
import { idSchema } from './tenants.ts'

/** One route of the REST interface: the server mounts it, the OpenAPI document describes it, the client calls it. */
export interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below `/api/v1`, with `{name}` for parameters. */
  path: `/${string}`
  summary: string
  tag: string
  permission: Permission | null
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  status: 200 | 201 | 202
  response: z.ZodType
  /** The body is bytes of this kind, up to so many, which may be more than a request has otherwise. */
  upload?: { mediaType: string; maxBytes: number }
  /** The response is bytes of this kind. */
  download?: string
  /** The response can also be an event stream (`Accept: text/event-stream`). */
  stream?: boolean
  /**
   * It creates, and takes an `Idempotency-Key`: sent again within 24 hours, it answers with the first result. To every
   * caller of the tenant that may use the operation, or, when the answer shows a secret, to the one that asked first.
   */
  idempotency?: 'tenant' | 'caller'
}

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
})
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

export const byId = z.strictObject({ id: idSchema })

/** A boolean in a query. */
export const queryFlag = z.enum(['true', 'false']).transform((text) => text === 'true')
/** A point in time, in whatever zone it is written. */
export const timeSchema = z.iso.datetime({ offset: true })

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}
