import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'
import { describeBytes } from './describe-limit.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)
const setPlan = (...limits: string[]) =>
  freehold('plans', 'set', 'small', '--weight', '1', '--max-running', '20', '--max-queued', '1000', ...limits)

describe('limits', () => {
  it('of a plan are set by the operator, and shown with what is used', async () => {
    expect((await freehold('limits')).out).toMatch(/plan +standard\n.*tenant +no limit\n.*agents +\d+, no limit\n/s)
    const rates = ['--key-rate', '20/100', '--user-rate', '10.5', '--tenant-rate', '50/200']
    const quotas = [
      '--max-agents',
      '10',
      '--max-runs-per-month',
      '50000',
      '--max-members',
      '5',
      '--max-storage',
      '10GB',
    ]
    expect((await setPlan(...rates, ...quotas)).out).toMatch(/small +shared +1 +20 +1000 +20 +50 +10 +50000 +10 GB/)
    expect((await freehold('tenants', 'plan', 'acme', 'small')).code).toBe(0)
    const { out } = await freehold('limits')
    for (const line of [
      /each key +20 requests a second, 100 at once\n/,
      /each person +10\.5 requests a second\n/,
      /tenant +50 requests a second, 200 at once\n/,
      /agents +\d+ of 10\n/,
      /runs this month +\d+ of 50000, until /,
      /members +\d+ of 5\n/,
      /storage +.*B of 10 GB\n/,
    ]) {
      expect(out).toMatch(line)
    }
  })

  it('of a key are set when it is made', async () => {
    expect((await freehold('keys', 'create', 'slow', '--rate', '0.5')).out).toMatch(/requests\/s +0\.5\n/)
  })

  it.each([
    ['a rate', '--key-rate', 'fast', '--key-rate: "fast" is no rate.'],
    ['a count', '--max-agents', 'few', '--max-agents: "few" is no whole number.'],
    ['a size', '--max-storage', '10XB', '--max-storage: "10XB" is no size.'],
  ])('say what is wrong with %s', async (_, option, value, text) => {
    const result = await setPlan(option, value)
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toContain(text)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_500, '1.5 kB'],
    [10_000_000_000, '10 GB'],
  ])('show %d bytes as %s', (bytes, text) => {
    expect(describeBytes(bytes)).toBe(text)
  })
})
