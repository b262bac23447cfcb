import type { Usage } from '@freehold/contracts'
import { calcPrice, findProvider } from '@pydantic/genai-prices'

/** Providers whose name here is not their id in the price data. */
const priceProviderIds = new Map([
  ['xai', 'x-ai'],
  ['grok', 'x-ai'],
  ['together-ai', 'together'],
  ['fireworks-ai', 'fireworks'],
])

/**
 * The list price of one call in nano-USD, or null when no price is known.
 * `usage.inputTokens` includes the cached ones and `outputTokens` the reasoning, as the price data expects.
 * `at` matters because prices change on dates.
 */
export function costNanos(model: string, usage: Usage, at: Date = new Date()): number | null {
  if (model === 'demo') return 0
  const slash = model.indexOf('/')
  const name = model.slice(0, slash)
  const provider = findPriceProvider(priceProviderIds.get(name) ?? name)
  if (slash < 1 || !provider) return null
  const price = calcPrice(
    {
      input_tokens: Math.max(usage.inputTokens, usage.cacheReadTokens + usage.cacheWriteTokens),
      cache_read_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      output_tokens: usage.outputTokens,
    },
    model.slice(slash + 1),
    { provider, timestamp: at },
  )
  if (!price) return null
  // List prices are whole nano-USD per token or a decimal fraction of one, so rounding only removes float noise.
  return Math.round(price.total_price * 1e9)
}

/** By exact id: the library also guesses, and a local server named "my-openai" must not be priced as OpenAI. */
function findPriceProvider(id: string) {
  const provider = findProvider({ providerId: id })
  return provider?.id === id ? provider : undefined
}
