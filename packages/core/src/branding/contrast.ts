import { type Branding, contrastOf } from '@freehold/contracts'

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
