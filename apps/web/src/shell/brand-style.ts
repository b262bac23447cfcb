import type { PublicBranding } from '@freehold/contracts'

type Rgb = readonly [number, number, number]

/** What text in a brand's colour stands on, as `globals.css` has it; beside these, a tint of the colour itself. */
const grounds = {
  light: { plain: '#f1f1f3', tinted: '#ffffff', tint: 0.09 },
  dark: { plain: '#1b1d21', tinted: '#141518', tint: 0.22 },
}
/** Of text to its ground, by WCAG 2.2. */
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
  return luminance(parse(color)) > 0.179
}

/** The colour as it is, or as much darker or lighter as text in it needs. */
function legible(color: string, scheme: 'light' | 'dark'): string {
  const { plain, tinted, tint } = grounds[scheme]
  const own = parse(color)
  const on = [parse(plain), mix(parse(tinted), own, tint)]
  const end: Rgb = scheme === 'light' ? [0, 0, 0] : [255, 255, 255]
  for (let share = 0; share < 1; share += 0.04) {
    const candidate = mix(own, end, share)
    if (on.every((ground) => contrast(candidate, ground) >= minContrast)) return write(candidate)
  }
  return write(end)
}

const parse = (color: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as unknown as Rgb

const write = (color: Rgb): string =>
  `#${color.map((channel) => Math.round(channel).toString(16).padStart(2, '0')).join('')}`

const mix = (one: Rgb, other: Rgb, share: number): Rgb =>
  one.map((channel, at) => channel + ((other[at] ?? 0) - channel) * share) as unknown as Rgb

function contrast(one: Rgb, other: Rgb): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

/** Relative luminance as in WCAG 2.2. */
function luminance(color: Rgb): number {
  const [red = 0, green = 0, blue = 0] = color.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
