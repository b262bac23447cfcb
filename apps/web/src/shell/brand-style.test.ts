import { contrastOf } from '@freehold/contracts'
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
    expect(contrastOf(light ?? '', '#f1f1f3')).toBeGreaterThanOrEqual(4.5)
    expect(contrastOf(dark ?? '', '#1b1d21')).toBeGreaterThanOrEqual(4.5)
  },
)
