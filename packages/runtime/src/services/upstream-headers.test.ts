import { expect, it } from 'vitest'
import { toCaller, toUpstream } from './upstream-headers.ts'

const untouched = (text: string) => text

it("a caller's word is not taken for ours, in whatever spelling a server may take for it", () => {
  const sent = new Headers({
    'x-freehold-actor': 'forged',
    // CGI, WSGI and PHP take an underscore for a hyphen.
    x_freehold_actor: 'forged',
    'x-freehold_tenant': 'forged',
    x_forwarded_for: '6.6.6.6',
    'x-original-url': '/admin',
    'x-custom_field': 'mine',
  })
  expect(toUpstream(sent)).toEqual({ 'x-custom_field': 'mine' })
})

it.each(['text/html', 'application/rss+xml', 'image/svg+xml', 'text/plain, text/html', 'text/xsl'])(
  'an answer in %s, which a browser would show as a page of ours, is downloaded',
  (type) => {
    expect(toCaller({ 'content-type': type }, untouched).get('content-disposition')).toBe('attachment')
  },
)

it('an answer is kept by no cache that callers share', () => {
  const headers = toCaller({ 'cache-control': 'public, max-age=60, s-maxage=600', vary: 'accept' }, untouched)
  expect(headers.get('cache-control')).toBe('private, max-age=60')
  expect(headers.get('vary')).toBe('accept, authorization, cookie, x-environment, x-team-id, x-tenant-id')
  expect(toCaller({}, untouched).get('cache-control')).toBe('private')
})
