import type { Branding } from '@freehold/contracts'

/** WCAG 2.2: of text (success criterion 1.4.3), and of what is to be seen beside it (1.4.11). */
const least = { text: 4.5, parts: 3 }

/** Colours that are hard to tell from what they stand on, in words. What isn't given can't be judged. */
export function findContrastWarnings({ primary, background, text }: Branding['colors']): string[] {
  return [
    background && text && warn('text', text, 'background', background, least.text),
    background && primary && warn('primary', primary, 'background', background, least.parts),
  ].filter((warning) => typeof warning === 'string')
}

function warn(name: string, color: string, groundName: string, ground: string, wanted: number): string | null {
  const ratio = contrastOf(color, ground)
  if (ratio >= wanted) return null
  return `${name} ${color} on ${groundName} ${ground} has a contrast of ${floor(ratio)}:1; ${wanted}:1 can be read well.`
}

/** Never rounded up to what it misses. */
function floor(ratio: number): number {
  return Math.floor(ratio * 100) / 100
}

/** The contrast ratio of WCAG 2.2, from 1 to 21. */
export function contrastOf(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

/** The relative luminance of WCAG 2.2, of `#rrggbb`. */
function luminanceOf(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
}
