import { performance } from 'node:perf_hooks'
import { type Experiment, type Finding, judge, type SizeName, Unavailable, type Verdict } from './experiment.ts'
import { createRandom } from './random.ts'

export interface Result extends Finding {
  title: string
  seed: number
  size: SizeName
  load: unknown
  verdict: Verdict
  holds: boolean
  /** Why it could not be run. */
  reason?: string
  seconds: number
}

/** Runs one experiment of one size. The same seed chooses the same victims, moments and lies. */
export async function runExperiment(
  experiment: Experiment,
  { seed, size, say }: { seed: number; size: SizeName; say: (line: string) => void },
): Promise<Result> {
  const { title, number, loads } = experiment
  const load = loads[size]
  const startedAt = performance.now()
  const conclude = (verdict: Verdict, finding: Finding, reason?: string): Result => ({
    title,
    seed,
    size,
    load,
    verdict,
    holds: verdict === 'holds',
    ...(reason !== undefined && { reason }),
    ...finding,
    seconds: Math.round((performance.now() - startedAt) / 1000),
  })
  try {
    const finding = await experiment.run(load, { random: createRandom(seed + number), say })
    return conclude(judge(finding), finding)
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    return conclude('skipped', { enough: [], claims: [], figures: {} }, error.message)
  }
}
