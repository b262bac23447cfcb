import type { Flag, PutFlag } from '@freehold/contracts'

export type Shares = Readonly<Record<string, number>>

export interface DraftedVariant {
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
  { name: 'on', value: 'true' },
  { name: 'off', value: 'false' },
]

const sharesOf = (serve: Flag['serve']): Shares =>
  Object.fromEntries(serve.map(({ variant, percent }) => [variant, percent]))

export function draftOf(flag: Flag | undefined): Draft {
  if (!flag) {
    return { type: 'boolean', description: '', enabled: true, variants: booleanVariants, rules: [], serve: { on: 100 } }
  }
  const { type, description, enabled } = flag
  return {
    type,
    description,
    enabled,
    variants: Object.entries(flag.variants).map(([name, value]) => ({
      name,
      value: type === 'string' ? String(value) : JSON.stringify(value),
    })),
    rules: flag.rules.flatMap(({ when: [first, ...further], serve }, key) =>
      first ? [{ key, ...first, values: first.values.join(', '), further, serve: sharesOf(serve) }] : [],
    ),
    serve: sharesOf(flag.serve),
  }
}

/** Throws `SyntaxError` for a value that is no JSON. */
export function bodyOf({ type, description, enabled, variants, rules, serve }: Draft) {
  const sharesIn = (shares: Shares) =>
    variants.map(({ name }) => ({ variant: name, percent: shares[name] ?? 0 })).filter(({ percent }) => percent > 0)
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

/** All of a flag that can be set. */
export function definitionOf({ type, description, enabled, variants, rules, serve }: Flag) {
  return { type, description, enabled, variants, rules, serve }
}
