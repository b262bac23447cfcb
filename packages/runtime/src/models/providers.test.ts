import { afterEach, expect, test, vi } from 'vitest'
import { createProviders } from './providers.ts'

afterEach(() => vi.doUnmock('@ai-sdk/mistral'))

test('a provider whose SDK could not be loaded once is loaded again', async () => {
  vi.doMock('@ai-sdk/mistral', () => {
    throw new Error('EMFILE: too many open files')
  })
  const providers = createProviders({ mistral: { apiKey: 'test' }, compatible: {} })
  await expect(providers.open('mistral/a')).rejects.toThrow()
  vi.doUnmock('@ai-sdk/mistral')
  expect(await providers.open('mistral/a')).toMatchObject({ modelId: 'a' })
})
