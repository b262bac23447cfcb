import { expect, test } from 'vitest'
import { plainText, toPlainText } from './plain-text.ts'

test.each(['Anna', '山田太郎', 'مریم می\u200cرود', '👩\u200d🚀', '❤\ufe0f', 'A. O\u2019Neil'])(
  '%j is a name',
  (name) => {
    expect(plainText(100).parse(name)).toBe(name)
    expect(toPlainText(name, 100)).toBe(name)
  },
)

test.each([
  'ac\u202eme',
  'a\u0000',
  'a\nb',
  'a\u2028b',
  '\u200b',
  'a\ufeffb',
  'a\u{e0061}',
  '\u200d',
  '\u3164',
  '\u2800',
])('%j hides something', (name) => {
  expect(plainText(100).safeParse(name).error?.issues[0]?.message).toBe('holds a character that can not be seen')
})

test('a name of somebody else loses what hides, and what is too long', () => {
  expect(toPlainText(' Anna\u202e\nB\u3164 ', 100)).toBe('Anna B')
  expect(toPlainText('Anna Bell', 5)).toBe('Anna')
  expect(toPlainText('👩🚀🌍', 2)).toBe('👩🚀')
  for (const nothing of ['\u202e \u200b', '\u200d', '\u3164']) expect(toPlainText(nothing, 100)).toBeNull()
})
