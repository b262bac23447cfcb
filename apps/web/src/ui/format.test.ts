import { expect, test } from 'vitest'
import { formatAgo } from './format.ts'

const second = 1_000
const day = 86_400 * second

test.each([
  [3 * second, 'just now'],
  [59.7 * second, 'in 1 min.'],
  [-90 * second, '1 min. ago'],
  [6.99 * day, 'in 7 days'],
  [-400 * day, 'last yr.'],
])('%i ms from now is «%s»', (ms, text) => {
  const now = new Date('2026-11-30T12:00:00Z')
  expect(formatAgo(new Date(now.getTime() + ms), now)).toBe(text)
})
