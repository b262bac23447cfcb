import { describe, expect, it } from 'vitest'
import { sharePlatform } from '../command.fixture.ts'

const shared = sharePlatform()
const freehold = (...args: string[]) => shared.run(args)

describe('budgets', () => {
  it('are created, used, shown, changed and deleted', async () => {
    expect((await freehold('budgets', 'list')).out).toContain('No budgets. Create one: ')
    const created = await freehold(
      'budgets',
      'create',
      'Day',
      '--period',
      'day',
      '--limit',
      '0.5',
      '--requests',
      '2',
      '--soft',
      '50%',
    )
    expect(created).toMatchObject({ code: 0, err: '' })
    expect(created.out).toMatch(/allows +\$0\.5, 2 requests, per day\n/)
    await freehold('budgets', 'create', 'Each user', '--scope', 'user', '--tokens', '1000')
    await freehold('budgets', 'create', 'Alice', '--scope', 'user:alice', '--limit', '$20', '--period', 'total')

    const first = await freehold('run', 'assistant', 'What is 17% of 2340?')
    expect(first.out).toContain('50 % of the budget "Day" is spent or reserved')
    const refused = await freehold('run', 'assistant', 'hello')
    expect(refused.code).toBe(3)
    expect(refused.out).toMatch(/The budget "Day" has 0 requests left .* resets at .* \(budget_exceeded\)/s)

    const { out } = await freehold('budgets', 'list')
    expect(out).toMatch(/█{10} 100 % +\$0\.5, 2 requests +day +tenant +resets .* UTC +Day\n/)
    expect(out).toMatch(/░{10} {3}0 % +1,000 tokens +month +each user +- +Each user\n/)
    expect(out).toMatch(/░{10} {3}0 % +\$20\.00 +total +user alice +never resets +Alice\n/)
    expect((await freehold('budgets', 'show', 'Day')).out).toMatch(/requests +2 +0 +0 +2\n/)
    expect((await freehold('budgets', 'update', 'Day', '--requests', 'none', '--name', 'Daily')).out).toContain('Daily')
    expect((await freehold('run', 'assistant', 'hello')).code).toBe(0)
    const listed = JSON.parse((await freehold('budgets', 'show', 'Daily', '--json')).out)
    expect(listed).toMatchObject({ name: 'Daily', limitNanos: 500_000_000, requestLimit: null, softPercent: 50 })
    expect((await freehold('budgets', 'delete', listed.id)).out).toContain('Deleted the budget "Daily".')
    expect(await freehold('budgets', 'show', 'Daily')).toMatchObject({ code: 1, out: '' })
    expect((await freehold('usage')).out).toMatch(/OUTCOME.*\n.* answered +demo\n/)
  })

  it.each([
    ['no limit', ['create', 'b'], 'Give at least one of --limit, --tokens and --requests.'],
    ['an unreadable amount', ['create', 'b', '--limit', '5€'], '--limit: "5€" is no amount.'],
    ['an amount that is too small to count', ['create', 'b', '--limit', '0.0000000001'], 'with 9 decimals at the most'],
    ['an unreadable count', ['create', 'b', '--tokens', 'many'], '--tokens: "many" is no whole number.'],
    ['an unknown scope', ['create', 'b', '--scope', 'planet', '--limit', '1'], 'scope.kind: '],
    ['an unknown period', ['create', 'b', '--period', 'week', '--limit', '1'], 'period: '],
    ['nothing to change', ['update', 'b'], 'Give what to change'],
  ])('say what is wrong with %s', async (_, args, text) => {
    const result = await freehold('budgets', ...args)
    expect(result).toMatchObject({ code: 2, out: '' })
    expect(result.err).toContain(text)
  })
})
