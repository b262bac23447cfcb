import { expect, test } from 'vitest'
import { merge } from './merge.ts'

test('what two people changed of the same comes together; where both changed one thing, mine counts', () => {
  const base = { prompt: 'a', model: 'm', limits: { steps: '1', tokens: '2' }, tools: ['x', 'y'] }
  const mine = { prompt: 'a', model: 'mine', limits: { steps: '9', tokens: '2' }, tools: ['y', 'z'] }
  const theirs = { prompt: 'b', model: 'theirs', limits: { steps: '1', tokens: '8' }, tools: ['x', 'y', 'w'] }
  expect(merge(base, mine, theirs)).toEqual({
    prompt: 'b',
    model: 'mine',
    limits: { steps: '9', tokens: '8' },
    tools: ['y', 'w', 'z'],
  })
})

test('what one added or took away is added or taken away', () => {
  const of = (tools: Record<string, string>, rule?: string) => ({ tools, ...(rule !== undefined && { rule }) })
  expect(merge(of({ x: 'ask' }, 'ask'), of({ y: 'ask' }), of({ x: 'ask', z: 'never' }, 'ask'))).toEqual(
    of({ z: 'never', y: 'ask' }),
  )
})
