import { describe, expect, it, test } from 'vitest'
import { nextTick, readPlan, ticksDue, ticksFrom } from './ticks.ts'

const at = (text: string) => new Date(text)
const iso = (ticks: Date[]) => ticks.map((tick) => tick.toISOString().slice(0, 16))
const berlin = (cron: string) => ({ cron, at: null, timeZone: 'Europe/Berlin' })

describe('when the clock in Berlin is put forward, 02:00 → 03:00 on 29 March 2026', () => {
  test('a time that the clock skips comes at the end of the gap', () => {
    const ticks = ticksFrom(berlin('30 2 * * *'), at('2026-03-28T01:30:00Z'), 3)
    expect(iso(ticks)).toEqual(['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'])
  })

  test('"every 30 minutes" goes on without a hole', () => {
    const ticks = ticksFrom(berlin('*/30 * * * *'), at('2026-03-29T00:30:00Z'), 4)
    expect(iso(ticks)).toEqual(['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30', '2026-03-29T02:00'])
  })
})

describe('when the clock in Berlin is put back, 03:00 → 02:00 on 25 October 2026', () => {
  test('a time that the clock repeats comes once', () => {
    const ticks = ticksFrom(berlin('30 2,14 * * *'), at('2026-10-24T12:30:00Z'), 3)
    expect(iso(ticks)).toEqual(['2026-10-24T12:30', '2026-10-25T00:30', '2026-10-25T13:30'])
  })

  test('"every 30 minutes" goes on through both hours', () => {
    const ticks = ticksFrom(berlin('*/30 * * * *'), at('2026-10-25T00:00:00Z'), 5)
    expect(iso(ticks)).toEqual([
      ...['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00'],
      ...['2026-10-25T01:30', '2026-10-25T02:00'],
    ])
  })

  test.each(['30 2 * * *', '*/30 * * * *'])('looking back at "%s" finds what looking ahead found', (cron) => {
    const first = nextTick(berlin(cron), at('2026-10-24T00:00:00Z')) ?? at('')
    const last = at('2026-10-26T00:00:00Z')
    const ahead = ticksFrom(berlin(cron), first, 120).filter((tick) => tick <= last)
    expect(iso(ticksDue(berlin(cron), 'all', first, last))).toEqual(iso(ahead.slice(-100)))
  })
})

describe('after ticks were missed', () => {
  const everyMinute = { cron: '* * * * *', at: null, timeZone: 'UTC' }
  const first = at('2026-01-01T00:00:00Z')

  it.each([
    ['none', '2026-01-01T00:10:30Z', ['2026-01-01T00:10']],
    ['latest', '2026-01-01T00:10:30Z', ['2026-01-01T00:10']],
    ['all', '2026-01-01T00:02:00Z', ['2026-01-01T00:00', '2026-01-01T00:01', '2026-01-01T00:02']],
  ] as const)('catch-up "%s" at %s starts %j', (catchUp, now, expected) => {
    expect(iso(ticksDue(everyMinute, catchUp, first, at(now)))).toEqual(expected)
  })

  it('"none" forgets a tick that is more than a minute late; "latest" does not', () => {
    const daily = { cron: '0 0 * * *', at: null, timeZone: 'UTC' }
    expect(ticksDue(daily, 'none', first, at('2026-01-01T00:01:00.001Z'))).toEqual([])
    expect(ticksDue(daily, 'none', first, at('2026-01-01T00:01:00.000Z'))).toEqual([first])
    expect(ticksDue(daily, 'latest', first, at('2026-01-01T23:00:00Z'))).toEqual([first])
  })

  it('"all" starts the latest 100, and takes no longer after a year', () => {
    const ticks = ticksDue(everyMinute, 'all', first, at('2027-01-01T00:00:00Z'))
    expect(ticks).toHaveLength(100)
    expect(iso(ticks.slice(-1))).toEqual(['2027-01-01T00:00'])
  })

  it('a time that was asked for once counts however late it is, unless catch-up is "none"', () => {
    const once = { cron: null, at: first, timeZone: 'UTC' }
    expect(ticksDue(once, 'latest', first, at('2026-02-01T00:00:00Z'))).toEqual([first])
    expect(ticksDue(once, 'none', first, at('2026-02-01T00:00:00Z'))).toEqual([])
    expect(nextTick(once, first)).toBeNull()
  })
})

describe('a plan that is no plan is refused, with words that help', () => {
  const now = at('2026-01-01T00:00:00Z')
  it.each([
    [{ cron: '* * * *' }, 'body.cron: "* * * *" is no cron expression. Five fields are needed'],
    [{ cron: '* * * * * *' }, 'such as "0 9 * * MON-FRI"'],
    [{ cron: '61 * * * *' }, '"61 * * * *" is no cron expression (Invalid value for minute: 61)'],
    [{ cron: '0 0 30 2 *' }, '"0 0 30 2 *" never comes'],
    [{ cron: '2026-02-01T00:00:00' }, 'is no cron expression'],
    [{ cron: '@reboot' }, '"@reboot" is no cron expression'],
    [{}, 'body.cron: give a cron expression'],
    [{ cron: '0 9 * * *', at: '2026-02-01T00:00:00Z' }, 'body.at: give `cron` or `at`, not both'],
    [{ at: '2026-01-01T00:00:00Z' }, 'body.at: must lie in the future'],
  ])('%j', (plan, message) => {
    expect(() => readPlan({ timeZone: 'UTC', ...plan }, now)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(message) }),
    )
  })

  it.each(['0 9 * * MON-FRI', '@daily', '0 0 L * *', '0 9 * * 1#1'])('%s is one', (cron) => {
    expect(readPlan({ cron, timeZone: 'Europe/Berlin' }, now)).toEqual(berlin(cron))
  })
})
