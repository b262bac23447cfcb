import { describe, expect, it } from 'vitest'
import { atLeast, atMost, defineExperiment, exactly, type Finding, judge, missedBy, Unavailable } from './experiment.ts'
import { p95 } from './figures.ts'
import { createRandom } from './random.ts'
import { mergeResult, renderTable, withTable } from './results.ts'
import { runExperiment } from './run-experiment.ts'

const holding: Finding = { enough: [atLeast('kills', 3, 3)], claims: [exactly('lost', 0, 0)], figures: {} }

function experimentThat(finds: () => Finding) {
  return defineExperiment({
    number: 1,
    title: 'a fault',
    fault: 'Something breaks.',
    loads: { full: {}, small: {} },
    run: async () => finds(),
  })
}

const runThat = (finds: () => Finding, size: 'full' | 'small' = 'full') =>
  runExperiment(experimentThat(finds), { seed: 1, size, say: () => {} })

describe('a verdict', () => {
  it('holds only when enough happened and every claim is kept', () => {
    expect(judge(holding)).toBe('holds')
    expect(judge({ ...holding, claims: [exactly('lost', 1, 0)] })).toBe('fails')
    expect(judge({ ...holding, enough: [atLeast('kills', 2, 3)] })).toBe('inconclusive')
  })

  it('is inconclusive when nothing was claimed, or nothing had to happen', () => {
    expect(judge({ ...holding, claims: [] })).toBe('inconclusive')
    expect(judge({ ...holding, enough: [] })).toBe('inconclusive')
  })

  it('takes a figure that could not be measured for one that is missed', () => {
    expect(judge({ ...holding, claims: [atMost('p95 (ms)', p95([]), 1_000)] })).toBe('fails')
  })

  it('says by how much a limit is missed', () => {
    expect(missedBy(atMost('p95 (ms)', 1_250, 1_000))).toBe(250)
    expect(missedBy(atLeast('kills', 70, 75))).toBe(5)
    expect(missedBy(exactly('runs', 499, 500))).toBe(1)
    expect(missedBy(exactly('runs', 500, 500))).toBe(0)
  })

  it('of an experiment that this machine cannot run is no pass', async () => {
    const result = await runThat(() => {
      throw new Unavailable('install it')
    })
    expect(result).toMatchObject({ verdict: 'skipped', holds: false, reason: 'install it' })
  })
})

describe('results', () => {
  it('of a small run do not replace those of a full one', async () => {
    const full = mergeResult({}, 1, await runThat(() => holding))
    expect(mergeResult(full, 1, await runThat(() => holding, 'small'))).toBe(full)
    const failed = mergeResult(full, 1, await runThat(() => ({ ...holding, claims: [exactly('lost', 2, 0)] })))
    expect(failed[1]).toMatchObject({ holds: false, claims: [{ what: 'lost', missedBy: 2 }] })
  })

  it('show in the documentation, with what is missed, between the markers only', async () => {
    const results = mergeResult({}, 1, await runThat(() => ({ ...holding, claims: [atMost('p95 (ms)', 7, 5)] })))
    const table = renderTable(results, [experimentThat(() => holding)])
    expect(table).toContain('| 1 | a fault | full | fails | kills: 3; p95 (ms): 7 (limit ≤ 5) **missed by 2** |')
    const kept = mergeResult({}, 1, await runThat(() => holding))
    expect(renderTable(kept, [experimentThat(() => holding)])).toContain(
      '| holds | kills: 3; counts of what must never happen: 1, all 0 |',
    )
    const [begin, end] = ['<!-- chaos results: written by `npm run chaos` -->', '<!-- end of chaos results -->']
    const docs = `before\n${begin}\nold\n${end}\nafter\n`
    expect(withTable(docs, table)).toBe(`before\n${begin}\n${table}\n${end}\nafter\n`)
    expect(() => withTable('no markers', table)).toThrow('docs/reliability.md needs the lines')
  })
})

it('a seed repeats every choice', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed)
    return Array.from({ length: 20 }, () => [random.between(2, 5), random.pick(['a', 'b', 'c']), random.chance(0.5)])
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw(7)).not.toEqual(draw(8))
})
