import type { TextDelta } from '@freehold/contracts'

/** Runs whose texts are kept: those that spoke last. The end of a run whose worker died may never be told. */
const maxRuns = 1_000

/** The text so far of model calls that are under way, by run and by step: model calls can run side by side. */
export class PartialTexts {
  private readonly runs = new Map<string, Map<string, TextDelta>>()

  of(runId: string): TextDelta[] {
    return [...(this.runs.get(runId)?.values() ?? [])]
  }

  /** Whether a delta begins its step's text or goes on where the known text ends. */
  follows(runId: string, { step, offset }: TextDelta): boolean {
    return offset === 0 || this.known(runId, step)?.length === offset
  }

  /** Takes a delta in, unless something is missing before it. */
  add(runId: string, delta: TextDelta): void {
    if (!this.follows(runId, delta)) return
    const before = delta.offset === 0 ? '' : (this.known(runId, delta.step) ?? '')
    const steps = this.runs.get(runId) ?? new Map<string, TextDelta>()
    this.runs.delete(runId) // a map keeps the order of insertion
    this.runs.set(runId, steps.set(delta.step, { ...delta, offset: 0, delta: before + delta.delta }))
    const [oldest] = this.runs.keys()
    if (oldest !== undefined && this.runs.size > maxRuns) this.runs.delete(oldest)
  }

  /** What a copy of a piece of text tells beyond what is known; begins anew where it contradicts that. */
  newIn(runId: string, copy: TextDelta): TextDelta | undefined {
    const known = this.known(runId, copy.step) ?? ''
    if (copy.offset > known.length) return undefined
    const overlap = known.slice(copy.offset, copy.offset + copy.delta.length)
    if (copy.delta.startsWith(overlap)) {
      const rest = copy.delta.slice(overlap.length)
      return rest === '' ? undefined : { ...copy, offset: copy.offset + overlap.length, delta: rest }
    }
    return copy.offset === 0 ? copy : undefined
  }

  /** Forgets these steps, or the whole run. */
  forget(runId: string, finished?: readonly string[]): void {
    const steps = this.runs.get(runId)
    for (const step of finished ?? []) steps?.delete(step)
    if (finished === undefined || steps?.size === 0) this.runs.delete(runId)
  }

  private known(runId: string, step: string): string | undefined {
    return this.runs.get(runId)?.get(step)?.delta
  }
}
