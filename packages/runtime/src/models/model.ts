import type { ToolCall, Usage } from '@freehold/contracts'

/** The conversation as a model sees it, and as a thread keeps it. */
export type ChatMessage =
  | { role: 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls?: ToolCall[] }
  | { role: 'tool'; toolCallId: string; name: string; output: unknown; failed: boolean }

/** A tool as a model is told of it. `inputSchema` is JSON Schema. */
export interface ToolOffer {
  name: string
  description: string
  inputSchema: Record<string, unknown>
}

/** Nano-USD. */
export interface TokenPrice {
  inputNanosPerToken: number
  outputNanosPerToken: number
}

/** The most that one attempt can use. */
export interface WorstCase {
  inputTokens: number
  outputTokens: number
  /** Nano-USD; null when the price is not known. */
  costNanos: number | null
}

/** What one attempt used. `unanswered`: nothing. */
export interface UsedCall {
  outcome: 'answered' | 'broken' | 'unanswered'
  usage: Usage
  costNanos: number | null
  /** Whether tokens or price are our estimate. */
  estimated: boolean
}

/** Keeps the books of attempts: one for each retry and each fallback. */
export interface CallMeter {
  /** Sets the worst case aside, or rejects: then the attempt is not made, and neither is any other of the call. */
  reserve(model: string, worstCase: WorstCase): Promise<{ id: string; assumedPrice: TokenPrice | null }>
  /** For an attempt that brought no reply. Never rejects. */
  settle(id: string, used: UsedCall): Promise<void>
}

export interface ModelRequest {
  /** Whose call it is: what fails for one tenant must not cost another one its provider. */
  tenantId: string
  /** `default`, `demo` or `<provider>/<model>`. */
  model: string
  fallbackModels: readonly string[]
  system: string
  messages: readonly ChatMessage[]
  tools: readonly ToolOffer[]
  maxOutputTokens: number
  /** Limit of one attempt, from request to last token. */
  timeoutMs: number
  signal: AbortSignal
  /** Live text, as it arrives. `offset` is where `delta` starts in this answer's text; it returns to 0 when an attempt is retried. */
  onText?: (offset: number, delta: string) => void
  /** An attempt chain on one model is given up, and the next model is tried. */
  onFallback?: (model: string, error: ModelError) => void
  meter?: CallMeter
}

export interface ModelReply {
  /** The model that answered, as `<provider>/<model>` or `demo`. */
  model: string
  demo: boolean
  text: string
  toolCalls: ToolCall[]
  finishReason: string
  usage: Usage
  /** Nano-USD; null when the price is not known. */
  costNanos: number | null
  latencyMs: number
  /** Requests made, retries included. */
  attempts: number
  /** What the meter reserved for the attempt that answered. Whoever uses the reply settles it. */
  callId?: string | undefined
  /** Whether tokens or price are our estimate. */
  estimated?: boolean | undefined
}

export type CallModel = (request: ModelRequest) => Promise<ModelReply>

/** Why no model of the chain answered. `message` is public. */
export class ModelError extends Error {
  readonly code: 'model_failed' | 'model_refused' | 'model_unavailable'
  /** Whether the same question may be answered a little later. */
  readonly retryable: boolean
  /** Before then it will not be answered, as far as is known. */
  readonly retryAfterMs: number
  constructor(
    code: ModelError['code'],
    message: string,
    options: ErrorOptions & { retryable?: boolean; retryAfterMs?: number } = {},
  ) {
    super(message, options)
    this.name = 'ModelError'
    this.code = code
    this.retryable = options.retryable ?? false
    this.retryAfterMs = options.retryAfterMs ?? 0
  }
}
