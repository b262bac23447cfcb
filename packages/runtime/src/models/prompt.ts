import { createHash } from 'node:crypto'
import type { ChatMessage, ModelRequest, ToolOffer } from './model.ts'
import type { ProviderModel } from './providers.ts'

type CallOptions = Parameters<ProviderModel['doStream']>[0]
type Prompt = CallOptions['prompt']
type PromptMessage = Prompt[number]
type ToolContent = Extract<PromptMessage, { role: 'tool' }>['content']
type AssistantContent = Extract<PromptMessage, { role: 'assistant' }>['content']
type ProviderTool = NonNullable<CallOptions['tools']>[number]

/** What the providers' SDKs are asked with. */
export function toCallOptions(request: ModelRequest, provider: string): CallOptions {
  return {
    prompt: toPrompt(request, provider),
    maxOutputTokens: request.maxOutputTokens,
    ...(request.tools.length > 0 ? { tools: request.tools.map(toProviderTool) } : {}),
    // Conversations are kept here, in the tenant's own rows, and not at OpenAI.
    providerOptions: { openai: { store: false } },
  }
}

/**
 * Providers refuse a tool call without a result and a result without its call. Both occur here, since a run can end
 * between the two and the history is cut to its newest messages: so calls get a result, and stray results are dropped.
 */
function toPrompt(request: ModelRequest, provider: string): Prompt {
  const prompt: Prompt = request.system ? [{ role: 'system', content: request.system }] : []
  const toId = provider === 'mistral' ? toMistralId : (id: string) => id
  for (const [index, message] of request.messages.entries()) {
    if (message.role === 'user') {
      prompt.push({ role: 'user', content: [{ type: 'text', text: message.content }] })
    } else if (message.role === 'assistant') {
      pushAssistant(prompt, message, toId)
      const results = toToolResults(message, request.messages.slice(index + 1), toId)
      if (results.length > 0) prompt.push({ role: 'tool', content: results })
    }
  }
  return prompt
}

type AssistantMessage = Extract<ChatMessage, { role: 'assistant' }>
type ToolMessage = Extract<ChatMessage, { role: 'tool' }>

function pushAssistant(prompt: Prompt, message: AssistantMessage, toId: (id: string) => string): void {
  const content: AssistantContent = message.content ? [{ type: 'text', text: message.content }] : []
  for (const call of message.toolCalls ?? []) {
    content.push({ type: 'tool-call', toolCallId: toId(call.id), toolName: call.name, input: toObject(call.input) })
  }
  if (content.length > 0) prompt.push({ role: 'assistant', content })
}

/** One result for each of the message's calls, from the tool messages that stand before the next answer. */
function toToolResults(
  message: AssistantMessage,
  following: readonly ChatMessage[],
  toId: (id: string) => string,
): ToolContent {
  const calls = message.toolCalls ?? []
  if (calls.length === 0) return []
  const end = following.findIndex((next) => next.role === 'assistant')
  const results = new Map<string, ToolMessage>()
  for (const next of end < 0 ? following : following.slice(0, end)) {
    if (next.role === 'tool') results.set(next.toolCallId, next)
  }
  return calls.map((call) => ({
    type: 'tool-result' as const,
    toolCallId: toId(call.id),
    toolName: call.name,
    output: toToolOutput(results.get(call.id)),
  }))
}

type ToolOutput = Extract<ToolContent[number], { type: 'tool-result' }>['output']

function toToolOutput(result: ToolMessage | undefined): ToolOutput {
  if (!result) return { type: 'error-text', value: 'The call was interrupted; it has no result.' }
  const text = typeof result.output === 'string' ? result.output : JSON.stringify(result.output ?? null)
  if (result.failed) return { type: 'error-text', value: text }
  return { type: 'text', value: text }
}

/** Providers take only objects as tool input. What a model sent malformed goes back to it as text inside one. */
function toObject(input: unknown): unknown {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input
  return { malformed: input }
}

/** Mistral takes only ids of nine letters and digits, and the history may hold calls of another provider. */
function toMistralId(id: string): string {
  if (/^[a-zA-Z0-9]{9}$/.test(id)) return id
  return createHash('sha256').update(id).digest('hex').slice(0, 9)
}

function toProviderTool(tool: ToolOffer): ProviderTool {
  return {
    type: 'function',
    name: tool.name,
    description: tool.description,
    inputSchema: toJsonSchema(tool.inputSchema),
  }
}

/** A `ToolOffer` carries JSON Schema by contract; the SDK's type for it is only stricter. */
function toJsonSchema(schema: Record<string, unknown>) {
  return schema as Extract<ProviderTool, { type: 'function' }>['inputSchema']
}
