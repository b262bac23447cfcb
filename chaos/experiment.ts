import type { Random } from './random.ts'

export const sizeNames = ['full', 'small'] as const
export type SizeName = (typeof sizeNames)[number]

/**
 * One experiment: arrange → faults under load → wait for the end → check from outside → figures. It measures; `judge`
 * decides. Its loads are its own, `full` as the table in docs/reliability.md promises and `small` for `npm test`.
 */
export interface Experiment<Load = unknown> {
  number: number
  title: string
  /** What is done to the platform, in one sentence for docs/reliability.md. */
  fault: string
  loads: Record<SizeName, Load>
  run(load: Load, setting: Setting): Promise<Finding>
}

/** Ties the load to the experiment and forgets its type, so that experiments can stand in one list. */
export function defineExperiment<Load extends object>(experiment: Experiment<Load>): Experiment {
  // The runner passes an experiment nothing but one of its own loads.
  return experiment as Experiment
}

/** What an experiment gets from whoever runs it. */
export interface Setting {
  random: Random
  /** One line of progress. */
  say(line: string): void
}

export interface Finding {
  /** Enough must have happened for the claims to mean something; else the run is inconclusive. */
  enough: readonly Claim[]
  /** What must hold. */
  claims: readonly Claim[]
  /** Further figures, for the reader. */
  figures: Record<string, number>
}

export interface Claim {
  what: string
  measured: number
  limit: { atMost: number } | { atLeast: number } | { exactly: number }
}

export const atMost = (what: string, measured: number, limit: number): Claim => claim(what, measured, { atMost: limit })
export const atLeast = (what: string, measured: number, limit: number): Claim =>
  claim(what, measured, { atLeast: limit })
export const exactly = (what: string, measured: number, limit: number): Claim =>
  claim(what, measured, { exactly: limit })

function claim(what: string, measured: number, limit: Claim['limit']): Claim {
  return { what, measured: Number(measured.toFixed(3)), limit }
}

/** By how much a claim is missed; 0 when it holds. A figure that could not be measured holds nothing. */
export function missedBy({ measured, limit }: Claim): number {
  if (!Number.isFinite(measured)) return Number.POSITIVE_INFINITY
  if ('atMost' in limit) return Math.max(0, measured - limit.atMost)
  if ('atLeast' in limit) return Math.max(0, limit.atLeast - measured)
  return Math.abs(measured - limit.exactly)
}

export type Verdict = 'holds' | 'fails' | 'inconclusive' | 'skipped'

/** A run in which too little happened proves nothing, however well its claims look; it never counts as holding. */
export function judge({ enough, claims }: Finding): Exclude<Verdict, 'skipped'> {
  if (claims.length === 0 || enough.length === 0) return 'inconclusive'
  if (claims.some((one) => missedBy(one) > 0)) return 'fails'
  return enough.some((one) => missedBy(one) > 0) ? 'inconclusive' : 'holds'
}

/** This machine lacks something that the experiment needs. */
export class Unavailable extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Unavailable'
  }
}
