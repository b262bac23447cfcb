import type { Flag, PutFlag } from '@freehold/contracts'

/** Percent by the key of a variant. */
export type Shares = Readonly<Record<number, number>>

export interface DraftedVariant {
  /** By which shares know it, since its name changes while it is typed. */
  key: number
  name: string
  /** As it is typed: a text as it is, everything else as JSON. */
  value: string
}

export interface DraftedRule {
  /** For React, since rules are moved and removed. */
  key: number
  attribute: string
  operator: 'in' | 'not_in'
  /** With commas between them. */
  values: string
  /** Further conditions, which the form shows and keeps. */
  further: PutFlag['rules'][number]['when']
  serve: Shares
}

/** What the form holds. */
export interface Draft {
  type: Flag['type']
  description: string
  enabled: boolean
  variants: DraftedVariant[]
  rules: DraftedRule[]
  serve: Shares
}

export const booleanVariants: DraftedVariant[] = [
  { key: 0, name: 'on', value: 'true' },
  { key: 1, name: 'off', value: 'false' },
]

export function draftOf(flag: Flag | undefined): Draft {
  if (!flag) {
    return { type: 'boolean', description: '', enabled: true, variants: booleanVariants, rules: [], serve: { 0: 100 } }
  }
  const { type, description, enabled } = flag
  const variants = Object.entries(flag.variants).map(([name, value], key) => ({
    key,
    name,
    value: type === 'string' ? String(value) : JSON.stringify(value),
  }))
  const sharesOf = (serve: Flag['serve']): Shares =>
    Object.fromEntries(
      variants.map(({ key, name }) => [key, serve.find((each) => each.variant === name)?.percent ?? 0]),
    )
  return {
    type,
    description,
    enabled,
    variants,
    rules: flag.rules.flatMap(({ when: [first, ...further], serve }, key) =>
      first ? [{ key, ...first, values: first.values.join(', '), further, serve: sharesOf(serve) }] : [],
    ),
    serve: sharesOf(flag.serve),
  }
}

/** Throws `SyntaxError` for a value that is no JSON. */
export function bodyOf({ type, description, enabled, variants, rules, serve }: Draft) {
  const sharesIn = (shares: Shares) =>
    variants.map(({ key, name }) => ({ variant: name, percent: shares[key] ?? 0 })).filter(({ percent }) => percent > 0)
  return {
    type,
    description,
    enabled,
    variants: Object.fromEntries(
      variants.map(({ name, value }) => [name, type === 'string' ? value : JSON.parse(value)]),
    ),
    rules: rules.map((rule) => {
      const values = rule.values.split(',').map((value) => value.trim())
      const { attribute, operator } = rule
      return {
        when: [{ attribute, operator, values: values.filter((value) => value !== '') }, ...rule.further],
        serve: sharesIn(rule.serve),
      }
    }),
    serve: sharesIn(serve),
  }
}

/** For one more of those that are there. */
export function nextKey(present: readonly { key: number }[]): number {
  return Math.max(0, ...present.map(({ key }) => key + 1))
}

/** All of a flag that can be set. */
export function definitionOf({ type, description, enabled, variants, rules, serve }: Flag) {
  return { type, description, enabled, variants, rules, serve }
}
