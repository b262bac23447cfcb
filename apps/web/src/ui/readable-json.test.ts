import { expect, test } from 'vitest'
import { readableJson } from './readable-json.ts'

test('what would be read in another order than it is in stands there as its code', () => {
  expect(readableJson({ to: 'a\u202eb' })).toBe('{\n  "to": "a\\u202eb"\n}')
  expect(readableJson('\u2066x\u2069')).toBe('\\u2066x\\u2069')
})

test('everything else stays as it is', () => {
  expect(readableJson('שלום 👨‍👩‍👧')).toBe('שלום 👨‍👩‍👧')
  expect(readableJson([1, null])).toBe('[\n  1,\n  null\n]')
  expect(readableJson(undefined)).toBe('nothing')
})
