import { expect, test } from 'vitest'
import { brandStyle } from './brand-style.ts'

const colorsOf = (primary: string) => brandStyle({ primary, background: null, text: null })

test('what is legible stays as the tenant chose it', () => {
  expect(colorsOf('#0b4fd6')).toMatchObject({ '--brand': '#0b4fd6', '--on-brand': '#ffffff' })
  expect(colorsOf('#0b4fd6')['--accent']).toMatch(/^light-dark\(#0b4fd6, /)
})

test.each(['#ffee00', '#ffffff', '#000000', '#ff0000', '#00ffff', '#7f7f7f'])(
  'text in %s can be read on light and on dark ground',
  (primary) => {
    const [, light, dark] = /^light-dark\((#\w{6}), (#\w{6})\)$/.exec(colorsOf(primary)['--accent'] ?? '') ?? []
    expect(contrast(light, '#f1f1f3')).toBeGreaterThanOrEqual(4.5)
    expect(contrast(dark, '#1b1d21')).toBeGreaterThanOrEqual(4.5)
  },
)

function contrast(one = '', other = ''): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (lighter + 0.05) / (darker + 0.05)
}

function luminance(color: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
  const linear = channels.map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0)
}
