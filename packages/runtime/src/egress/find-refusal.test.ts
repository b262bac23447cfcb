import { expect, test } from 'vitest'
import { parseEgressAllow } from './egress-rules.ts'
import { findRefusal } from './find-refusal.ts'

test.each([
  'http://127.0.0.1:8080/hook',
  'http://2130706433/',
  'http://[::1]/',
  'http://10.1.2.3/',
  'http://localhost:3000/',
  'http://api.localhost./',
  'http://169.254.169.254/latest',
  'http://metadata.google.internal/',
])('nothing is sent to %s', async (url) => {
  expect(await findRefusal(url, [])).toMatch(/is private\. The operator can allow|cloud metadata/)
})

test.each(['https://example.com/hook', 'http://no-such-host.invalid/', 'http://192.0.3.1/'])(
  'something may be sent to %s',
  async (url) => expect(await findRefusal(url, [])).toBeUndefined(),
)

test('what the operator opened is open', async () => {
  const opened = parseEgressAllow('localhost:3000, 10.0.0.0/8')
  expect(await findRefusal('http://localhost:3000/hook', opened)).toBeUndefined()
  expect(await findRefusal('http://10.1.2.3/', opened)).toBeUndefined()
  expect(await findRefusal('http://localhost:3001/hook', opened)).toContain('The operator can allow localhost:3001')
})
