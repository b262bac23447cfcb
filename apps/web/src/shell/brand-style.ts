import type { PublicBranding } from '@freehold/contracts'
import { contrastOf, luminanceOf } from '@freehold/contracts/browser'

/** What text in a brand's colour stands on, as `globals.css` has it: a plain ground, and one in a tint of the colour. */
const grounds = {
  light: { plain: '#f1f1f3', tinted: '#ffffff', tint: 0.09, strongest: '#000000' },
  dark: { plain: '#1b1d21', tinted: '#141518', tint: 0.22, strongest: '#ffffff' },
}
/** Of text to its ground: 4.5 by WCAG 2.2, and a little for rounding. */
const minContrast = 4.6

/** The custom properties of a brand's colours; those of `globals.css` hold for what it leaves open. */
export function brandStyle({ primary }: PublicBranding['colors']): Record<string, string> {
  if (primary === null) return {}
  return {
    '--brand': primary,
    '--on-brand': isLight(primary) ? '#17181c' : '#ffffff',
    '--accent': `light-dark(${legible(primary, 'light')}, ${legible(primary, 'dark')})`,
  }
}

/** Whether dark text reads better on it. */
export function isLight(color: string): boolean {
  return luminanceOf(color) > 0.179
}

/** The colour as it is, or as much darker or lighter as text in it needs. */
function legible(color: string, scheme: keyof typeof grounds): string {
  const { plain, tinted, tint, strongest } = grounds[scheme]
  const on = [plain, mix(tinted, color, tint)]
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = mix(color, strongest, share)
    if (on.every((ground) => contrastOf(candidate, ground) >= minContrast)) return candidate
  }
  return strongest
}

function mix(one: string, other: string, share: number): string {
  const channels = [1, 3, 5].map((at) => {
    const [from = 0, to = 0] = [one, other].map((color) => Number.parseInt(color.slice(at, at + 2), 16))
    return Math.round(from + (to - from) * share)
  })
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}
