import { createHash } from 'node:crypto'
import type { Flag } from '@freehold/contracts'

/** Who or what a flag is asked for. */
export interface FlagSubject {
  targetingKey?: string | undefined
  attributes: Readonly<Record<string, unknown>>
}

export type Decision =
  | { reason: 'DISABLED' }
  | { reason: 'STATIC' | 'TARGETING_MATCH' | 'SPLIT'; variant: string }
  | { reason: 'TARGETING_KEY_MISSING' }

/** What a flag says to somebody. The same subject always gets the same, as long as the flag is the same. */
export function decide(flag: Pick<Flag, 'name' | 'enabled' | 'rules' | 'serve'>, subject: FlagSubject): Decision {
  if (!flag.enabled) return { reason: 'DISABLED' }
  const rule = flag.rules.find(({ when }) => when.every((condition) => holds(condition, subject)))
  const parts = (rule?.serve ?? flag.serve).filter(({ percent }) => percent > 0)
  const [only] = parts
  if (only && parts.length === 1) return { reason: rule ? 'TARGETING_MATCH' : 'STATIC', variant: only.variant }
  if (subject.targetingKey === undefined) return { reason: 'TARGETING_KEY_MISSING' }
  const place = placeOf(flag.name, subject.targetingKey)
  let reached = 0
  const chosen = parts.find(({ percent }) => {
    reached += percent
    return place < reached
  })
  // The last one has what rounding leaves over.
  return { reason: 'SPLIT', variant: (chosen ?? parts.at(-1))?.variant ?? '' }
}

function holds(
  { attribute, operator, values }: Flag['rules'][number]['when'][number],
  { targetingKey, attributes }: FlagSubject,
): boolean {
  const value = attribute === 'targetingKey' ? targetingKey : attributes[attribute]
  const isOneOf = value !== undefined && values.includes(String(value))
  return operator === 'in' ? isOneOf : !isOneOf
}

/** From 0 to below 100; another one for each flag, so that it isn't always the same who get what is new. */
function placeOf(flag: string, targetingKey: string): number {
  const hash = createHash('sha256').update(`${flag}\0${targetingKey}`).digest()
  return (hash.readUInt32BE(0) / 2 ** 32) * 100
}
