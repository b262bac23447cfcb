import { BrokenCircuitError } from 'cockatiel'
import { expect, it } from 'vitest'
import { createUpstreamBreakers } from './upstream-breakers.ts'

const away = new Error('away')
const isFault = (outcome: object) => 'error' in outcome && outcome.error === away
const fail = () => Promise.reject(away)
const leftAlone = async () => {
  const breakers = createUpstreamBreakers(2, 0)
  for (let count = 0; count < 2; count++) await expect(breakers.run('one', fail, isFault)).rejects.toBe(away)
  return breakers
}

it('an upstream that failed is probed by one request at a time, and used again when that succeeds', async () => {
  const breakers = await leftAlone()
  const { promise, resolve } = Promise.withResolvers<string>()
  const probe = breakers.run('one', () => promise, isFault)
  await expect(breakers.run('one', fail, isFault)).rejects.toThrow(BrokenCircuitError)
  expect(await breakers.run('another', async () => 'works', isFault)).toBe('works')
  resolve('back')
  expect(await probe).toBe('back')
  await expect(breakers.run('one', fail, isFault)).rejects.toBe(away)
  expect(await breakers.run('one', async () => 'works', isFault)).toBe('works')
})

it('a probe that its caller called off does not close it', async () => {
  const breakers = await leftAlone()
  const calledOff = new Error('called off')
  await expect(breakers.run('one', () => Promise.reject(calledOff), isFault)).rejects.toBe(calledOff)
  const { promise, resolve } = Promise.withResolvers<string>()
  const probe = breakers.run('one', () => promise, isFault)
  // Were it closed, more than one could be under way.
  await expect(breakers.run('one', async () => 'too early', isFault)).rejects.toThrow(BrokenCircuitError)
  resolve('back')
  expect(await probe).toBe('back')
})

it('an answer can be a fault, too, and is given to who asked', async () => {
  const breakers = createUpstreamBreakers(1, 60_000)
  expect(
    await breakers.run(
      'one',
      async () => 503,
      (outcome) => 'answer' in outcome && outcome.answer === 503,
    ),
  ).toBe(503)
  await expect(breakers.run('one', async () => 200, isFault)).rejects.toThrow(BrokenCircuitError)
})
