import { expect, test } from 'vitest'
import { readable, readableJson } from './readable.ts'

test('what would be read in another order than it is in stands there as its code', () => {
  expect(readableJson({ to: 'a\u202eb' })).toBe('{\n  "to": "a\\u202eb"\n}')
  expect(readableJson('\u2066x\u2069')).toBe('\\u2066x\\u2069')
})

test('of the exact arguments nothing is hidden', () => {
  expect(readableJson('a\u200bb\ufeffc\u00add')).toBe('a\\u200bb\\ufeffc\\u00add')
})

test('text of others stands in the order that it is in', () => {
  expect(readable('https://good.example/\u202eknab.live')).toBe('https://good.example/\\u202eknab.live')
  expect(readable('soft\u00adhyphen שלום')).toBe('soft\u00adhyphen שלום')
})

test('everything else stays as it is', () => {
  expect(readableJson('שלום 👨‍👩‍👧')).toBe('שלום 👨‍👩‍👧')
  expect(readableJson([1, null])).toBe('[\n  1,\n  null\n]')
  expect(readableJson(undefined)).toBe('nothing')
})
