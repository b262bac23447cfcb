import pino from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { repeat } from './repeat.ts'

const logger = pino({ level: 'silent' })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Work that ends when it is told to. */
function createWork() {
  let begun = 0
  let ending = Promise.withResolvers<void>()
  return {
    begun: () => begun,
    end: () => ending.resolve(),
    fail: () => ending.reject(new Error('it failed')),
    work: () => {
      begun += 1
      ending = Promise.withResolvers()
      return ending.promise
    },
  }
}

test('work that takes longer than its interval is not begun again before it has ended', async () => {
  const { work, begun, end } = createWork()
  const stop = repeat(1_000, work, logger)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(begun()).toBe(1)
  end()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(begun()).toBe(2)
  end()
  await stop()
})

test('work that failed is begun again', async () => {
  const { work, begun, fail, end } = createWork()
  const stop = repeat(1_000, work, logger)
  fail()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(begun()).toBe(2)
  end()
  await stop()
})

test('who stops it waits for what is under way, and nothing begins any more', async () => {
  const { work, begun, end } = createWork()
  const stop = repeat(1_000, work, logger)
  let isStopped = false
  const stopping = stop().then(() => {
    isStopped = true
  })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(isStopped).toBe(false)
  end()
  await stopping
  expect(begun()).toBe(1)
})
