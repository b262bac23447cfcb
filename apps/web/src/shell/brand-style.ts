import type { PublicBranding } from '@freehold/contracts'

/** The custom properties of a brand's colours; those of `globals.css` hold for what it leaves open. */
export function brandStyle({ primary }: PublicBranding['colors']): Record<string, string> {
  if (primary === null) return {}
  return { '--brand': primary, '--on-brand': isLight(primary) ? '#17181c' : '#ffffff' }
}

/** Whether dark text reads better on it: relative luminance as in WCAG 2.2, of a colour such as `#1a2b3c`. */
export function isLight(color: string): boolean {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0) > 0.179
}
