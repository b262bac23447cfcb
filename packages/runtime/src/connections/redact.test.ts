import { expect, test } from 'vitest'
import { createRedactor } from './redact.ts'

const secret = 'pa"ss/word+1??>~'
const redact = createRedactor(secret)

test.each([
  ['as it is', secret],
  ['in JSON', JSON.stringify({ secret })],
  ['in a URL', `?token=${encodeURIComponent(secret)}`],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64 for URLs', Buffer.from(secret).toString('base64url')],
  ['in hex', Buffer.from(secret).toString('hex')],
])('a secret is taken out %s', (_, text) => {
  const redacted = redact(`before ${text} after ${text}`)
  expect(redacted).toContain('[redacted]')
  expect(redacted).toMatch(/^before .* after /)
  expect(redacted).not.toContain('word')
  for (const encoding of ['base64url', 'hex'] as const) {
    expect(redacted).not.toContain(Buffer.from(secret).toString(encoding))
  }
})

test('a text that was cut in the middle of the secret loses the piece', () => {
  for (let length = 1; length < secret.length; length++) {
    expect(redact.cut(`body ${secret.slice(0, length)}`)).toBe('body [redacted]')
  }
  expect(redact.cut('body')).toBe('body')
})

test('an empty secret takes nothing out', () => {
  expect(createRedactor('').cut('body')).toBe('body')
})
