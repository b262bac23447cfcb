import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { type Claim, type Experiment, missedBy } from './experiment.ts'
import type { Result } from './run-experiment.ts'

const root = join(import.meta.dirname, '..')
const resultsFile = join(root, 'bench', 'results', 'chaos.json')
const docsFile = join(root, 'docs', 'reliability.md')

interface Machine {
  cpu: string
  cores: number
  node: string
}

/** By the number of the experiment. Each says what it ran on, as they need not have run together. */
export type Results = Record<string, Result & { machine: Machine; commit: string; at: string }>

export async function readResults(file = resultsFile): Promise<Results> {
  const text = await readFile(file, 'utf8').catch(() => '{}')
  // Only `mergeResult` writes it.
  return JSON.parse(text) as Results
}

/** A small run never replaces the result of a full one. */
export function mergeResult(results: Results, number: number, result: Result): Results {
  const known = results[number]
  if (result.size === 'small' && known?.size === 'full') return results
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version }
  const claims = result.claims.map((claim) => ({ ...claim, missedBy: missedBy(claim) }))
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  return { ...results, [number]: { ...result, claims, machine, commit, at: new Date().toISOString() } }
}

/** Writes the results, and their table into the documentation. */
export async function writeResults(results: Results, experiments: readonly Experiment[]): Promise<void> {
  await mkdir(dirname(resultsFile), { recursive: true })
  await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`)
  const docs = await readFile(docsFile, 'utf8')
  await writeFile(docsFile, withTable(docs, renderTable(results, experiments)))
}

const [begin, end] = ['<!-- chaos results: written by `npm run chaos` -->', '<!-- end of chaos results -->']

export function withTable(docs: string, table: string): string {
  const [before, rest] = docs.split(begin)
  const after = rest?.split(end)[1]
  if (before === undefined || after === undefined)
    throw new Error(`docs/reliability.md needs the lines ${begin} and ${end}`)
  return `${before}${begin}\n${table}\n${end}${after}`
}

export function renderTable(results: Results, experiments: readonly Experiment[]): string {
  const rows = experiments.map((experiment) => renderRow(experiment, results[experiment.number]))
  return ['', '| # | experiment | size | verdict | measured |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function renderRow({ number, title }: Experiment, result: Results[string] | undefined): string {
  if (!result) return `| ${number} | ${title} | | not run yet | |`
  const measured = [
    ...result.enough.map(({ what, measured }) => `${what}: ${measured}`),
    ...describeNever(result.claims.filter(isKeptAtZero)),
    ...result.claims.filter((claim) => !isKeptAtZero(claim)).map(describeClaim),
    ...Object.entries(result.figures).map(([what, figure]) => `${what}: ${figure}`),
  ]
  return `| ${number} | ${title} | ${result.size} | ${result.verdict} | ${result.reason ?? measured.join('; ')} |`
}

/** Most claims are of things that must never happen. Those that did not need no line each. */
function isKeptAtZero({ measured, limit }: Claim): boolean {
  return 'exactly' in limit && limit.exactly === 0 && measured === 0
}

function describeNever({ length }: readonly Claim[]): string[] {
  return length === 0 ? [] : [`counts of what must never happen: ${length}, all 0`]
}

export function describeClaim(claim: Claim): string {
  const { what, measured, limit } = claim
  const [wanted] = Object.entries(limit).map(([kind, value]) =>
    kind === 'exactly' ? `${value}` : `${signs[kind]} ${value}`,
  )
  const missed = missedBy(claim)
  return `${what}: ${measured} (limit ${wanted})${missed > 0 ? ` **missed by ${Number(missed.toFixed(3))}**` : ''}`
}

const signs: Record<string, string> = { atMost: '≤', atLeast: '≥' }
