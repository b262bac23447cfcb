import type { Flag } from '@freehold/contracts'
import { expect, test } from 'vitest'
import { bodyOf, draftOf, nextKey } from './draft.ts'

const flag: Flag = {
  name: 'tone',
  environment: 'production',
  type: 'string',
  description: '',
  enabled: true,
  variants: { a: 'kind', b: 'curt' },
  rules: [{ when: [{ attribute: 'plan', operator: 'in', values: ['gold'] }], serve: [{ variant: 'b', percent: 100 }] }],
  serve: [
    { variant: 'a', percent: 90 },
    { variant: 'b', percent: 10 },
  ],
  updatedBy: 'person:1',
  updatedAt: '2026-01-01T00:00:00.000Z',
}

test('a flag that nobody touched is sent as it was', () => {
  const { type, description, enabled, variants, rules, serve } = flag
  expect(bodyOf(draftOf(flag))).toEqual({ type, description, enabled, variants, rules, serve })
})

test('a variant keeps its shares under another name, also while that is the name of another one', () => {
  const draft = draftOf(flag)
  const rename = (from: typeof draft, name: string) => ({
    ...from,
    variants: from.variants.map((each) => (each.key === 1 ? { ...each, name } : each)),
  })
  const { rules, serve } = bodyOf(rename(rename(draft, 'a'), 'ab'))
  expect(serve).toEqual([
    { variant: 'a', percent: 90 },
    { variant: 'ab', percent: 10 },
  ])
  expect(rules[0]?.serve).toEqual([{ variant: 'ab', percent: 100 }])
})

test('what is added has a key that nothing else has', () => {
  expect(nextKey([])).toBe(0)
  expect(nextKey([{ key: 4 }, { key: 1 }])).toBe(5)
})
