import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { hashArguments, storable } from './arguments-hash.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

it('hashes the canonical JSON of RFC 8785: its example of sorted keys and normal numbers', () => {
  const value = JSON.parse(
    '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}',
  )
  expect(hashArguments(value)).toBe(
    sha256(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ),
  )
})

it('gives equal values one hash, whatever the order of their keys, and other values another', () => {
  expect(hashArguments({ b: { d: 1, c: 2 }, a: [1, 2] })).toBe(hashArguments({ a: [1, 2], b: { c: 2, d: 1 } }))
  expect(hashArguments({ a: [1, 2] })).not.toBe(hashArguments({ a: [2, 1] }))
  expect(hashArguments({ a: 1 })).not.toBe(hashArguments({ a: '1' }))
})

it('what the database can not hold is hashed as it holds it', () => {
  expect(storable({ text: 'a\0b' })).toEqual({ text: 'a\uFFFDb' })
  expect(storable(undefined)).toBeNull()
})
