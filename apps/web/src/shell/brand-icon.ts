import type { PublicBranding } from '@freehold/contracts'

/** What a tab shows: the logo, or else the first letter of the name on the brand's colour. */
export function brandIcon({ name, logoUrl, colors }: PublicBranding): string {
  if (logoUrl !== null) return logoUrl
  const search = new URLSearchParams({ letter: name.slice(0, 1), ...(colors.primary && { color: colors.primary }) })
  return `/icon.svg?${search}`
}
