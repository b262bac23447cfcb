import type { ChatMessage, ToolOffer } from '../models/index.ts'
import type { ProgramRun } from '../runs/program.ts'

/**
 * The tool-calling loop: asks the model, runs the tools it asks for side by side, asks again, until it answers. What
 * was said is remembered by the conversation. The agent's step limit ends a loop that doesn't end itself.
 */
export async function answerWithTools(
  run: ProgramRun,
  conversation: readonly ChatMessage[],
  tools: readonly ToolOffer[],
): Promise<string> {
  const messages = [...conversation]
  const say = (message: ChatMessage) => {
    messages.push(message)
    run.remember(message)
  }
  for (;;) {
    const { text, toolCalls } = await run.model({ messages, tools })
    say({ role: 'assistant', content: text, ...(toolCalls.length > 0 && { toolCalls }) })
    if (toolCalls.length === 0) return text
    const results = await Promise.all(
      toolCalls.map(async (call) => ({ toolCallId: call.id, name: call.name, ...(await run.tool(call)) })),
    )
    for (const result of results) say({ role: 'tool', ...result })
  }
}
