import { expect, test } from 'vitest'
import { changesOf, merge } from './merge.ts'

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

test('a list of objects, and what is of a kind, is changed as a whole', () => {
  const base = { rules: [{ serve: 'a' }], upstream: { kind: 'http', url: 'x' }, name: 'n' }
  const mine = { ...base, rules: [{ serve: 'b' }] }
  const theirs = { rules: [{ serve: 'c' }], upstream: { kind: 'agent', agent: 'y' }, name: 'n' }
  expect(merge<object>(base, mine, theirs)).toEqual({ ...theirs, rules: mine.rules })
})

test('a change is of the fields that differ, also to null and inside of one', () => {
  const before = { name: 'n', limit: 5, percent: null, colors: { text: null, primary: '#000000' }, hosts: ['a'] }
  expect(changesOf(before, { ...before, limit: null as never })).toEqual({ limit: null })
  expect(changesOf<object>(before, { ...before, colors: { text: '#ffffff', primary: '#000000' } })).toEqual({
    colors: { text: '#ffffff', primary: '#000000' },
  })
  expect(changesOf<object>({ cron: '* * * * *' }, { at: '2026-01-01' })).toEqual({ at: '2026-01-01' })
  expect(changesOf(before, structuredClone(before))).toBeUndefined()
})
