import type { Usage } from '@freehold/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costNanos } from './index.ts'
import { resolveDefaultModel } from './providers.ts'

const at = new Date('2026-11-22T12:00:00Z')

function usageOf(usage: Partial<Usage>): Usage {
  return { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, ...usage }
}

describe('costNanos', () => {
  it('is tokens times the list price, with the cached ones at theirs', () => {
    // gpt-5-mini: $0.25 in, $0.025 cached, $2 out per million tokens, so 250, 25 and 2,000 nano-USD per token.
    const usage = usageOf({ inputTokens: 1_000, cacheReadTokens: 200, outputTokens: 100, reasoningTokens: 64 })
    expect(costNanos('openai/gpt-5-mini', usage, at)).toBe(800 * 250 + 200 * 25 + 100 * 2_000)
    // claude-haiku-4-5: $1 in, $1.25 written to and $0.10 read from the cache, $5 out.
    const cached = usageOf({ inputTokens: 10_000, cacheReadTokens: 6_000, cacheWriteTokens: 1_000, outputTokens: 7 })
    expect(costNanos('anthropic/claude-haiku-4-5', cached, at)).toBe(3_000 * 1_000 + 6_000 * 100 + 1_250_000 + 35_000)
  })

  it('follows prices that change on a date', () => {
    // gemini-3.8-flash: input $0.75 until the end of 2026, then $1.50.
    const usage = usageOf({ inputTokens: 1_000_000 })
    expect(costNanos('google/gemini-3.8-flash', usage, at)).toBe(750_000_000)
    expect(costNanos('google/gemini-3.8-flash', usage, new Date('2027-02-01'))).toBe(1_500_000_000)
  })

  it('is zero for the demo, and null where no price is known', () => {
    const usage = usageOf({ inputTokens: 10, outputTokens: 10 })
    expect(costNanos('demo', usage)).toBe(0)
    expect(costNanos('openai/no-such-model', usage)).toBeNull()
    expect(costNanos('my-openai/gpt-5-mini', usage)).toBeNull()
    expect(costNanos('ollama/llama', usage)).toBeNull()
    expect(costNanos('nonsense', usage)).toBeNull()
  })

  it('knows a price for every default model, since unpriced models are refused', () => {
    const key = { apiKey: 'k' }
    for (const config of [{ openai: key }, { anthropic: key }, { google: key }, { mistral: key }]) {
      const model = resolveDefaultModel({ compatible: {}, ...config })
      expect(costNanos(model, usageOf({ inputTokens: 1_000, outputTokens: 1_000 })), model).toBeGreaterThan(0)
    }
  })

  it('is a whole number and never shrinks with more tokens', () => {
    const tokens = fc.nat({ max: 10_000_000 })
    fc.assert(
      fc.property(tokens, tokens, tokens, (inputTokens, outputTokens, more) => {
        const cost = costNanos('openai/gpt-6-luna', usageOf({ inputTokens, outputTokens }), at)
        const higher = costNanos('openai/gpt-6-luna', usageOf({ inputTokens, outputTokens: outputTokens + more }), at)
        expect(Number.isSafeInteger(cost)).toBe(true)
        expect(higher).toBeGreaterThanOrEqual(cost ?? Number.POSITIVE_INFINITY)
      }),
    )
  })
})
