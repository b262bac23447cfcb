import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)

describe('settings', () => {
  it('of the tenant are shown and changed', async () => {
    expect((await freehold('settings', 'show')).out).toMatch(
      /time zone +UTC\n.*assumed price +none: under a budget of money/s,
    )
    const changed = await freehold('settings', 'set', '--time-zone', 'Europe/Berlin', '--assumed-price', '0.15/$0.6')
    expect(changed.out).toContain('$0.15 in, $0.6 out per million tokens')
    const { out } = await freehold('settings', 'set', '--assumed-price', 'none', '--hosts', 'a.example, *.b.example')
    expect(out).toMatch(/Europe\/Berlin\n.*assumed price +none.*tools reach +a\.example, \*\.b\.example\n/s)
    expect((await freehold('settings', 'set', '--hosts', 'public')).out).toContain('every public host')
  })

  it.each([
    ['nothing to change', [], 'Give what to change'],
    ['an unknown time zone', ['--time-zone', 'Mars/Olympus'], 'timeZone: '],
    ['an unreadable price', ['--assumed-price', '0.15'], '--assumed-price: "0.15" is no price.'],
    ['a price that is too small to count', ['--assumed-price', '0.0001/1'], 'with 3 decimals at the most'],
    ['an unreadable host', ['--hosts', 'http://a'], 'allowedHosts.0: '],
  ])('say what is wrong with %s', async (_, args, text) => {
    const result = await freehold('settings', 'set', ...args)
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toContain(text)
  })
})
