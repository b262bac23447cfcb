import { describe, expect, test } from 'vitest'
import { parseAddress } from './addresses.ts'
import { opensAddress, opensHost, parseEgressAllow, tenantAllows } from './egress-rules.ts'

function opens(allow: string, target: string, port: number): boolean {
  const rules = parseEgressAllow(allow)
  const address = parseAddress(target)
  return address === null ? opensHost(rules, target, port) : opensAddress(rules, address, port)
}

describe('the operator allow-list', () => {
  test.each([
    ['localhost', 'localhost', 80, true],
    ['localhost', 'localhost', 8080, true],
    ['localhost:8080', 'localhost', 8080, true],
    ['localhost:8080', 'localhost', 8081, false],
    ['LocalHost.', 'localhost', 80, true],
    ['db.internal', 'x.db.internal', 80, false],
    ['bücher.internal', 'xn--bcher-kva.internal', 80, true],
    ['10.1.2.3', '10.1.2.3', 80, true],
    ['10.1.2.3', '10.1.2.4', 80, false],
    ['10.1.2.3:443', '10.1.2.3', 80, false],
    ['10.0.0.0/8', '10.255.0.1', 80, true],
    ['10.0.0.0/8', '11.0.0.1', 80, false],
    ['10.0.0.0/8:443', '10.255.0.1', 443, true],
    ['10.0.0.0/8:443', '10.255.0.1', 80, false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', 80, true],
    ['::1', '::1', 80, true],
    ['[::1]', '::1', 80, true],
    ['[::1]:443', '::1', 443, true],
    ['[::1]:443', '::1', 80, false],
    ['fd00::/8', 'fd12::1', 80, true],
    ['[fd00::/8]:443', 'fd12::1', 80, false],
    ['fd00::/8', '10.0.0.1', 80, false],
    ['0.0.0.0/0', '::1', 80, false],
    [' a.internal , , 10.0.0.0/8 ', '10.0.0.1', 80, true],
    ['', 'localhost', 80, false],
  ])('%j opens %s port %i: %j', (allow, target, port, expected) => {
    expect(opens(allow, target, port)).toBe(expected)
  })

  test('every bad entry is named at once', () => {
    const bad = [
      'http://a',
      'a/b',
      'a:0',
      'a:65536',
      'a:',
      '*.corp',
      '10.0.0.0/33',
      '127.1',
      '[a]:1',
      'fd00::/8:1',
      'u@a',
    ]
    const message = (() => {
      try {
        parseEgressAllow(`ok.internal,${bad.join(',')}`)
      } catch (error) {
        return (error as Error).message
      }
    })()
    for (const entry of bad) expect(message).toContain(JSON.stringify(entry))
    expect(message).not.toContain('ok.internal')
  })
})

describe("a tenant's list", () => {
  test.each([
    [['api.example.com'], 'api.example.com', true],
    [['API.Example.com.'], 'api.example.com', true],
    [['api.example.com'], 'x.api.example.com', false],
    [['api.example.com'], 'api.example.com.evil.com', false],
    [['*.example.com'], 'a.example.com', true],
    [['*.example.com'], 'a.b.example.com', true],
    [['*.example.com'], 'example.com', false],
    [['*.example.com'], 'evilexample.com', false],
    [['*.0.0.1'], '127.0.0.1', false],
    [['127.0.0.1'], '127.0.0.1', true],
    [['[::1]'], '::1', true],
    [['*'], 'example.com', false],
    [['*.'], 'example.com', false],
    [['https://example.com'], 'example.com', false],
    [[], 'example.com', false],
  ])('%j allows %s: %j', (patterns, host, expected) => {
    expect(tenantAllows(patterns, host)).toBe(expected)
  })
})
