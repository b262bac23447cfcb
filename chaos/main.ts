// `npm run chaos [-- 1 5] [--size small] [--seed N]`: runs experiments and merges what they find into
// bench/results/chaos.json and the table of docs/reliability.md. Fails unless every one of them holds.
import { parseArgs } from 'node:util'
import { missedBy, type SizeName, sizeNames } from './experiment.ts'
import { experiments } from './experiments/index.ts'
import { describeClaim, mergeResult, readResults, writeResults } from './results.ts'
import { type Result, runExperiment } from './run-experiment.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, size: { type: 'string', default: 'full' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const size = parseSize(values.size)
const chosen = positionals.length === 0 ? experiments : positionals.map(find)
console.log(`seed ${seed} (repeat with --seed ${seed}), size ${size}`)

const verdicts: Result[] = []
for (const experiment of chosen) {
  const { number, title } = experiment
  console.log(`\n▶ ${number}. ${title}: ${experiment.fault}`)
  const startedAt = performance.now()
  const say = (line: string) =>
    console.log(`  ${String(Math.round((performance.now() - startedAt) / 1000)).padStart(4)} s  ${line}`)
  const result = await runExperiment(experiment, { seed, size, say })
  verdicts.push(result)
  report(result)
  await writeResults(mergeResult(await readResults(), number, result), experiments)
}

console.log('')
for (const { title, verdict, seconds } of verdicts) console.log(`${verdict.padEnd(13)} ${title} (${seconds} s)`)
process.exitCode = verdicts.every(({ holds }) => holds) ? 0 : 1

function report({ verdict, reason, enough, claims, figures }: Result): void {
  for (const claim of [...enough, ...claims])
    console.log(`  ${missedBy(claim) > 0 ? '✘' : '✔'} ${describeClaim(claim)}`)
  for (const [what, figure] of Object.entries(figures)) console.log(`    ${what}: ${figure}`)
  console.log(`  ${verdict.toUpperCase()}${reason === undefined ? '' : `: ${reason}`}`)
}

function find(text: string) {
  const experiment = experiments.find(({ number }) => String(number) === text)
  if (!experiment)
    throw new Error(`There is no experiment ${text}. Choose from ${experiments.map(({ number }) => number)}.`)
  return experiment
}

function parseSize(text: string): SizeName {
  const name = sizeNames.find((candidate) => candidate === text)
  if (!name) throw new Error(`There is no size "${text}". Choose from ${sizeNames}.`)
  return name
}
