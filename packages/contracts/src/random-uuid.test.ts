import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { randomUuid } from './random-uuid.ts'

afterEach(() => vi.unstubAllGlobals())

test.each([true, false])('is a UUID of version 4, with TLS: %s', (hasTls) => {
  const { getRandomValues, randomUUID } = crypto
  const parts = {
    getRandomValues: getRandomValues.bind(crypto),
    ...(hasTls && { randomUUID: randomUUID.bind(crypto) }),
  }
  vi.stubGlobal('crypto', parts)
  const all = Array.from({ length: 200 }, randomUuid)
  for (const id of all) expect(z.uuidv4().safeParse(id).success, id).toBe(true)
  expect(new Set(all).size).toBe(200)
})
