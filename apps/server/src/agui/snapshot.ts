import type { Message as AguiMessage } from '@ag-ui/core'
import type { Message, ToolCall } from '@freehold/contracts'

/** A conversation as AG-UI has it. Of which run a message is, its metadata says. */
export function toAguiMessages(messages: readonly Message[]): AguiMessage[] {
  return messages.map((message) => ({
    ...toAguiMessage(message),
    ...(message.runId !== null && { metadata: { runId: message.runId } }),
  }))
}

/** The content is what `toStored` of the runtime wrote, and a user's what `start_run` did. */
function toAguiMessage({ id, role, content }: Message): AguiMessage {
  if (role === 'user') return { id, role, content: String(content) }
  if (role === 'assistant') {
    const { content: text, toolCalls } = content as { content: string; toolCalls?: ToolCall[] }
    return { id, role, content: text, ...(toolCalls && { toolCalls: toolCalls.map(toAguiCall) }) }
  }
  const { toolCallId, output, failed } = content as { toolCallId: string; output: unknown; failed: boolean }
  const text = textOf(output)
  return { id, role, toolCallId, content: text, ...(failed && { error: text }) }
}

function toAguiCall({ id, name, input }: ToolCall) {
  return { id, type: 'function' as const, function: { name, arguments: JSON.stringify(input ?? {}) } }
}

/** What a tool answered, in the one way that the protocol has for it. */
export function textOf(result: unknown): string {
  return typeof result === 'string' ? result : JSON.stringify(result ?? null)
}
