import type { ToolCall } from '@freehold/contracts'
import type { ChatMessage } from '../models/index.ts'

interface StoredMessage {
  role: string
  content: unknown
}

/** What a thread keeps of a message. A user's is its text. */
export function toStored(message: ChatMessage): StoredMessage {
  const { role, ...content } = message
  return { role, content: role === 'user' ? message.content : content }
}

/**
 * What a model is shown of a thread. A window over it can begin amid a tool call, and a run that failed leaves a
 * question without an answer, so whatever precedes the first question is left out.
 */
export function toChatMessages(stored: readonly StoredMessage[]): ChatMessage[] {
  const messages = stored.map(fromStored)
  const first = messages.findIndex(({ role }) => role === 'user')
  return first === -1 ? [] : messages.slice(first)
}

function fromStored({ role, content }: StoredMessage): ChatMessage {
  // Written by `toStored` and by `start_run` only.
  if (role === 'assistant') return { role, ...(content as { content: string; toolCalls?: ToolCall[] }) }
  if (role === 'tool') {
    return { role, ...(content as { toolCallId: string; name: string; output: unknown; failed: boolean }) }
  }
  return { role: 'user', content: String(content) }
}
