import { createHash } from 'node:crypto'
import { type Branding, FreeholdError, type PublicBranding, type PutBranding, type PutLogo } from '@freehold/contracts'
import { sql } from 'kysely'
import { recordChange } from '../audit/record-change.ts'
import type { Database } from '../db/database.ts'
import { authorize, type Caller } from '../identity/caller.ts'
import { invalidField } from '../invalid-field.ts'
import { imageTypeOf } from './image-type.ts'
import { type Colors, colorsOf, logoUrl, readBranding } from './present-branding.ts'

const maxLogoBytes = 262_144

export async function getBranding(caller: Caller): Promise<Branding> {
  authorize(caller, 'tenant:read')
  return caller.platform.database.withTenant(caller, readBranding)
}

/** Replaces everything but the logo and the host, which are set by themselves. */
export async function putBranding(caller: Caller, input: PutBranding): Promise<Branding> {
  authorize(caller, 'tenant:write')
  const { tenantId } = caller
  return caller.platform.database.withTenant(caller, async (tx) => {
    const before = await readBranding(tx)
    const values = columnsOf(input)
    await tx
      .insertInto('brandings')
      .values({ tenant_id: tenantId, ...values })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet({ ...values, updated_at: sql<Date>`now()` }))
      .execute()
    const after = await readBranding(tx)
    const change = { before: describe(before), after: describe(after) }
    await recordChange(tx, caller, { action: 'branding.set', subjectId: tenantId, ...change })
    return after
  })
}

export async function putLogo(caller: Caller, { data }: PutLogo): Promise<Branding> {
  authorize(caller, 'tenant:write')
  const { tenantId } = caller
  const values = readLogo(data)
  return caller.platform.database.withTenant(caller, async (tx) => {
    const { logo: before } = await readBranding(tx)
    await tx
      .insertInto('logos')
      .values({ tenant_id: tenantId, ...values })
      .onConflict((conflict) => conflict.column('tenant_id').doUpdateSet(values))
      .execute()
    const branding = await readBranding(tx)
    const change = { ...(before && { before }), after: branding.logo }
    await recordChange(tx, caller, { action: 'branding.logo-set', subjectId: tenantId, ...change })
    return branding
  })
}

/** A logo as it is stored, known by its content. */
export function readLogo(data: string) {
  const bytes = Buffer.from(data, 'base64')
  if (bytes.length > maxLogoBytes)
    throw new FreeholdError('payload_too_large', `A logo can have ${maxLogoBytes} bytes at the most.`)
  const contentType = imageTypeOf(bytes)
  if (!contentType) {
    const message = 'must be a PNG, a JPEG or a WebP. An SVG is not taken, since it can hold scripts.'
    throw invalidField('body.data', message)
  }
  return { hash: createHash('sha256').update(bytes).digest('hex'), content_type: contentType, bytes }
}

export async function deleteLogo(caller: Caller): Promise<Branding> {
  authorize(caller, 'tenant:write')
  return caller.platform.database.withTenant(caller, async (tx) => {
    const { logo: before, ...rest } = await readBranding(tx)
    if (before) {
      await tx.deleteFrom('logos').execute()
      await recordChange(tx, caller, { action: 'branding.logo-deleted', subjectId: caller.tenantId, before })
    }
    return { ...rest, logo: null }
  })
}

/** How the installation looks where no tenant says otherwise. */
export interface HouseBrand {
  name: string
  supportAddress: string | null
}

/** How the tenant looks whose host it is; of any other host, how the installation does. For anybody who asks. */
export async function findBranding(database: Database, host: string, house: HouseBrand): Promise<PublicBranding> {
  const [row] = await database.call<PublicRow>('find-branding', 'select * from door_find_branding($1)', [host])
  const own = {
    name: row?.name ?? null,
    logoUrl: row?.logo_hash ? logoUrl(row.logo_hash) : null,
    colors: row ? colorsOf(row) : { primary: null, background: null, text: null },
    supportAddress: row?.support_address ?? null,
  }
  return orOfTheHouse(own, house)
}

/** How a tenant looks, on whichever host its pages are. */
export async function publicBrandOf(database: Database, tenantId: string, house: HouseBrand): Promise<PublicBranding> {
  const { name, logoUrl, colors, supportAddress } = await brandOf(database, tenantId)
  return orOfTheHouse({ name, logoUrl, colors, supportAddress }, house)
}

function orOfTheHouse(own: Omit<PublicBranding, 'name'> & { name: string | null }, house: HouseBrand): PublicBranding {
  return {
    ...own,
    name: own.name ?? house.name,
    // A tenant's people are not to be sent to the installation's support by a page in the tenant's name.
    supportAddress: own.name ? own.supportAddress : (own.supportAddress ?? house.supportAddress),
  }
}

/** The bytes of a logo that a tenant shows now; for anybody who asks. */
export async function findLogo(
  database: Database,
  hash: string,
): Promise<{ contentType: string; bytes: Uint8Array<ArrayBuffer> } | undefined> {
  const [row] = await database.call<{ content_type: string; bytes: Uint8Array }>(
    'find-logo',
    'select * from door_find_logo($1)',
    [hash],
  )
  return row && { contentType: row.content_type, bytes: new Uint8Array(row.bytes) }
}

/** What mails and pages of a tenant are to look like. Null is as the installation has it. */
export type Brand = Pick<Branding, 'name' | 'colors' | 'supportAddress' | 'sender'> & {
  logoUrl: string | null
  /** Where its pages are; null where that is the installation's own host. */
  host: string | null
}

/** For the platform's own mails and pages, whoever causes them. */
export async function brandOf(database: Database, tenantId: string): Promise<Brand> {
  const { name, logo, colors, supportAddress, sender, host } = await database.withTenant(tenantId, readBranding)
  const ownHost = host?.status === 'verified' ? host.host : null
  return { name, logoUrl: logo?.url ?? null, colors, supportAddress, sender, host: ownHost }
}

interface PublicRow extends Colors {
  name: string | null
  support_address: string | null
  logo_hash: string | null
}

function columnsOf({ name, colors, supportAddress, sender }: PutBranding) {
  return {
    name: name ?? null,
    primary_color: colors?.primary ?? null,
    background_color: colors?.background ?? null,
    text_color: colors?.text ?? null,
    support_address: supportAddress ?? null,
    sender_name: sender?.name ?? null,
    reply_to: sender?.replyTo ?? null,
  }
}

/** For the audit trail: what `putBranding` can change. */
function describe({ name, colors, supportAddress, sender }: Branding): object {
  return { name, colors, supportAddress, sender }
}
