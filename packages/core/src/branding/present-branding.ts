import type { Branding, CustomHost } from '@freehold/contracts'
import type { Selectable } from 'kysely'
import type { Tx } from '../db/database.ts'
import type { Brandings, CustomHosts } from '../db/schema.gen.ts'
import { findContrastWarnings } from './contrast.ts'

export type HostRow = Selectable<CustomHosts>
export type Colors = Pick<Selectable<Brandings>, 'primary_color' | 'background_color' | 'text_color'>

export async function readBranding(tx: Tx): Promise<Branding> {
  const row = await tx.selectFrom('brandings').selectAll().executeTakeFirst()
  const logo = await tx.selectFrom('logos').select(['hash', 'content_type']).executeTakeFirst()
  const host = await tx.selectFrom('custom_hosts').selectAll().executeTakeFirst()
  const colors = row ? colorsOf(row) : { primary: null, background: null, text: null }
  return {
    name: row?.name ?? null,
    logo: logo ? { url: logoUrl(logo.hash), contentType: logo.content_type } : null,
    colors,
    supportAddress: row?.support_address ?? null,
    sender: { name: row?.sender_name ?? null, replyTo: row?.reply_to ?? null },
    host: host ? toCustomHost(host) : null,
    warnings: findContrastWarnings(colors),
  }
}

export function colorsOf({ primary_color, background_color, text_color }: Colors): Branding['colors'] {
  return { primary: primary_color, background: background_color, text: text_color }
}

export function logoUrl(hash: string): string {
  return `/api/v1/public/logos/${hash}`
}

export function toCustomHost(row: HostRow): CustomHost {
  const status = row.verified_at ? 'verified' : row.expires_at.getTime() > Date.now() ? 'pending' : 'expired'
  return {
    host: row.host,
    status,
    record: { name: recordName(row.host), type: 'TXT', value: recordValue(row.token) },
    expiresAt: status === 'verified' ? null : row.expires_at.toISOString(),
    verifiedAt: row.verified_at?.toISOString() ?? null,
    missingSince: row.missing_since?.toISOString() ?? null,
  }
}

/** As the audit trail shows it. */
export function describeHost(row: HostRow): object {
  const { host, status } = toCustomHost(row)
  return { host, status }
}

export function recordName(host: string): string {
  return `_custom-host.${host}`
}

export function recordValue(token: string): string {
  return `host-verify=${token}`
}
