import type { ModelRequest } from './model.ts'

/** A request to one model with one user message; the rest as a test needs it. */
export function requestOf(model: string, message: string, rest: Partial<ModelRequest> = {}): ModelRequest {
  return {
    tenantId: 'acme',
    model,
    fallbackModels: [],
    system: '',
    messages: [{ role: 'user', content: message }],
    tools: [],
    maxOutputTokens: 1_000,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...rest,
  }
}

/** Collects live text; a delta at offset 0 begins an attempt anew. */
export function collectText() {
  const attempts: string[] = []
  return {
    attempts,
    onText(offset: number, delta: string) {
      if (offset === 0) attempts.push('')
      const current = attempts.at(-1) ?? ''
      if (current.length !== offset) throw new Error(`offset ${offset} after ${current.length} characters`)
      attempts[attempts.length - 1] = current + delta
    },
  }
}
