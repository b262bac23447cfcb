import { describe, expect, it } from 'vitest'
import { sharePlatform } from './command.fixture.ts'

const shared = sharePlatform()

const freehold = (args: string, input?: string | Buffer) => shared.run(args.split(' '), input)

describe('secrets', () => {
  it('are set from standard input and listed without their values', async () => {
    expect((await freehold('secrets list')).out).toContain('No secrets. Create one:')
    expect(await freehold('secrets set api-key', 'the value\n')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^secret +api-key\nversion +1\n/),
    })
    expect((await freehold('secrets set api-key', 'another value')).out).toMatch(/version +2\n/)
    const { out } = await freehold('secrets list --json')
    expect(JSON.parse(out)).toMatchObject([{ name: 'api-key', version: 2 }])
    expect(out).not.toContain('value')
  })

  it.each([
    ['no value', 'api-key', '\n', 2, 'The value is empty.'],
    ['a value that is not text', 'api-key', Buffer.from([0x61, 0xff]), 2, 'Standard input is not text in UTF-8.'],
    ['a name that can not be', 'API_KEY', 'x', 1, 'use lower-case letters, digits and hyphens'],
  ])('are refused with %s', async (_, name, input, code, words) => {
    expect(await freehold(`secrets set ${name}`, input)).toMatchObject({ code, err: expect.stringContaining(words) })
  })
})

describe('connections', () => {
  it('are set, shown, listed and deleted, and hold their secret', async () => {
    expect((await freehold('connections list')).out).toContain('No connections. Create one:')
    const provider = await freehold('connections set-provider own --provider openai --secret api-key')
    expect(provider.out).toMatch(/kind +model_provider\nsecret +api-key\nfor +openai\n/)
    await freehold('connections set-http billing --origin https://api.example.com/ --secret api-key --header X-Key')
    expect((await freehold('connections show billing')).out).toMatch(/for +x-key to https:\/\/api.example.com\n/)
    expect((await freehold('connections list')).out).toMatch(/billing +http +api-key +x-key to/)
    expect(await freehold('secrets delete api-key')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is used by the connection "billing", "own".'),
    })
    for (const name of ['billing', 'own']) expect((await freehold(`connections delete ${name}`)).code).toBe(0)
    expect((await freehold('secrets delete api-key')).code).toBe(0)
    expect((await freehold('secrets list')).out).toContain('No secrets.')
  })

  it.each([
    ['a path', '--origin https://api.example.com/v1', 'give scheme and host only'],
    ['a header that redirects keep', '--origin https://api.example.com --header User-Agent', 'can not carry a secret'],
  ])('are refused with %s', async (_, options, words) => {
    const refused = await freehold(`connections set-http other --secret api-key ${options}`)
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining(words) })
  })
})

describe('keys', () => {
  it('are rotated and rewrapped by the operator', async () => {
    await freehold('secrets set rotated', 'value')
    expect((await freehold('secrets rotate-data-key acme')).out).toBe(
      'acme has a new data key; 1 values are under it now.\n',
    )
    expect((await freehold('secrets rewrap')).out).toMatch(/^Rewrapped 0 keys and secrets of 2 tenants\.\n/)
  })
})
