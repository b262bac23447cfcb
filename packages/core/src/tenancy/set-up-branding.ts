import type { Branding, ChangeBranding, CustomHost, PutBranding, TenantChange } from '@freehold/contracts'
import { deleteLogo, getBranding, putBranding, putLogo, readLogo } from '../branding/branding.ts'
import { claimHost, releaseHost } from '../branding/hosts.ts'
import { logoUrl } from '../branding/present-branding.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { TenantCaller } from '../identity/caller.ts'
import { atPlace } from './at-place.ts'

/** Changes what is defined of a tenant's look and differs. Resolves with the host, too, when one is defined. */
export async function setUpBranding(
  founder: TenantCaller,
  { logo, host, ...look }: ChangeBranding,
  ownHosts: readonly string[],
): Promise<{ changes: TenantChange[]; host: CustomHost | null }> {
  const before = await getBranding(founder)
  const changes = [
    await setUpLook(founder, before, look),
    logo !== undefined && (await atPlace('branding.logo', () => setUpLogo(founder, before, logo))),
    host !== undefined && (await atPlace('branding', () => setUpHost(founder, before, host, ownHosts))),
  ].filter((change) => change !== false)
  return {
    changes: changes.map((change) => ({ action: 'update', kind: 'branding', ...change })),
    host: host ? (await getBranding(founder)).host : null,
  }
}

type Change = Pick<TenantChange, 'name' | 'before' | 'after'> | false

async function setUpLook(
  founder: TenantCaller,
  { name, colors, supportAddress, sender }: Branding,
  look: PutBranding,
): Promise<Change> {
  const before = { name, colors, supportAddress, sender }
  const after = {
    ...before,
    ...look,
    colors: { ...colors, ...look.colors },
    sender: { ...sender, ...look.sender },
  }
  if (canonicalJson(before) === canonicalJson(after)) return false
  await putBranding(founder, after)
  return { name: 'look', before, after }
}

async function setUpLogo(
  founder: TenantCaller,
  { logo: before }: Branding,
  logo: NonNullable<ChangeBranding['logo']> | null,
): Promise<Change> {
  const wanted = logo && logoUrl(readLogo(logo.data).hash)
  if (wanted === (before?.url ?? null)) return false
  const { logo: after } = logo ? await putLogo(founder, logo) : await deleteLogo(founder)
  return { name: 'logo', before: before?.url ?? null, after: after?.url ?? null }
}

/** A claim that has expired is made again; one that is open or verified is left as it is. */
async function setUpHost(
  founder: TenantCaller,
  { host: before }: Branding,
  host: string | null,
  ownHosts: readonly string[],
): Promise<Change> {
  if (host === (before?.host ?? null) && before?.status !== 'expired') return false
  const after = host === null ? null : await claimHost(founder, { host }, ownHosts)
  if (host === null) await releaseHost(founder)
  return { name: 'host', before: describe(before), after: describe(after) }
}

function describe(host: CustomHost | null): string | null {
  return host && `${host.host}, ${host.status}`
}
