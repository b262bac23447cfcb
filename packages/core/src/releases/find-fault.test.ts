import { canaryRulesSchema, type ReleaseTrial } from '@freehold/contracts'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { findFault } from './judge-canaries.ts'

const rules = canaryRulesSchema.parse({ percent: 10, minRuns: 20, maxErrorPoints: 10, maxCostPercent: 50 })
const trial = (ended: number, failed: number, costNanos = 0): ReleaseTrial => ({ ended, failed, costNanos })

it.each([
  ['too few runs', trial(500, 0), trial(19, 19), undefined],
  ['as many fail as before', trial(100, 30), trial(20, 6), undefined],
  ['just as many more as allowed', trial(100, 0), trial(20, 2), undefined],
  ['more fail than allowed', trial(100, 0), trial(20, 3), '15.0% of its runs failed; up to 10.0% was allowed'],
  ['few stable runs, which all went well by chance', trial(2, 0), trial(20, 4), undefined],
  ['few stable runs, and a canary that always fails', trial(10, 0), trial(20, 20), expect.stringContaining('100.0%')],
  [
    'no stable run at all, and a canary that always fails',
    trial(0, 0),
    trial(20, 20),
    expect.stringContaining('100.0%'),
  ],
  ['no stable run at all, and a canary that does not always fail', trial(0, 0), trial(20, 19), undefined],
  ['few stable runs, all of which failed, and a canary that always fails', trial(2, 2), trial(20, 20), undefined],
  ['costs as much more as allowed', trial(20, 0, 2_000), trial(20, 0, 3_000), undefined],
  ['costs more', trial(20, 0, 2_000), trial(20, 0, 3_020), expect.stringContaining('up to 150 was allowed')],
  ['costs more than too few stable runs', trial(19, 0, 1_900), trial(20, 0, 9_000), undefined],
])('%s', (_, stable, canary, fault) => {
  expect(findFault(rules, stable, canary)).toEqual(fault)
})

it('with its thresholds off a canary may do what it likes', () => {
  const free = { ...rules, maxErrorPoints: null, maxCostPercent: null }
  expect(findFault(free, trial(100, 0), trial(100, 100, 1e12))).toBeUndefined()
})

it('a canary that does no worse than the stable version has no fault', () => {
  const runs = fc.integer({ min: 1, max: 1_000 })
  fc.assert(
    fc.property(runs, runs, fc.nat(1_000), fc.nat(1_000), fc.nat(1e9), (stableEnded, ended, a, b, cost) => {
      const [better, worse] = [Math.min(a, b) / 1_000, Math.max(a, b) / 1_000]
      const stable = trial(stableEnded, Math.ceil(stableEnded * worse), cost * stableEnded)
      expect(findFault(rules, stable, trial(ended, Math.floor(ended * better), cost * ended))).toBeUndefined()
    }),
  )
})
