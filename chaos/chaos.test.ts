// The experiments at their small size. At full size: `npm run chaos`.
import { expect, it } from 'vitest'
import { missedBy } from './experiment.ts'
import { experiments } from './experiments/index.ts'
import { runExperiment } from './run-experiment.ts'

const inTests = [1, 2, 3, 5, 7, 8]

it.each(experiments.filter(({ number }) => inTests.includes(number)))(
  'what must hold does while $title',
  async (experiment) => {
    const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`experiment ${experiment.number}: seed ${seed} (repeat with CHAOS_SEED=${seed})`)
    const result = await runExperiment(experiment, { seed, size: 'small', say: () => {} })
    const missed = [...result.enough, ...result.claims].filter((claim) => missedBy(claim) > 0)
    expect({ verdict: result.verdict, missed }).toEqual({ verdict: 'holds', missed: [] })
  },
  180_000,
)
