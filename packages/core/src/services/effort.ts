/**
 * What may still be read of contracts, in characters. A document of a few lines can have references that multiply, or lead in
 * circles, so that reading all of it would take for ever.
 */
export interface Effort {
  charactersLeft: number
}

const charactersPerStep = 50

export function createEffort(): Effort {
  return { charactersLeft: 10_000_000 }
}

/** Whether `value` may be read as well. */
export function spend(effort: Effort, value: unknown): boolean {
  if (effort.charactersLeft > 0) effort.charactersLeft -= charactersPerStep + JSON.stringify(value).length
  return effort.charactersLeft > 0
}
