import { RunAgentInputSchema } from '@ag-ui/core/schemas'
import { environmentSchema, FreeholdError, fromZodError, startRunSchema, threadIdSchema } from '@freehold/contracts'
import { z } from 'zod'

const forwardedSchema = z.object({ environment: environmentSchema.default('production') })

export interface AguiInput {
  threadId: string
  runId: string
  message: string
  environment: z.output<typeof environmentSchema>
}

/** What a run is started with. The thread on the server is the conversation, so only the newest user message counts. */
export function readAguiInput(body: unknown): AguiInput {
  const parsed = RunAgentInputSchema.safeParse(body)
  if (!parsed.success) throw fromZodError(parsed.error, 'body')
  const { threadId, runId, messages, forwardedProps } = parsed.data
  if (!threadIdSchema.safeParse(threadId).success || !threadIdSchema.safeParse(runId).success) {
    throw new FreeholdError('invalid_request', 'body.threadId, body.runId: use letters, digits, ".", "_", ":" and "-"')
  }
  const last = messages.findLast(({ role }) => role === 'user')
  const message = last?.role === 'user' ? textOf(last.content) : ''
  if (message === '') throw new FreeholdError('invalid_request', 'body.messages: needs a user message with text')
  const sized = startRunSchema.shape.message.safeParse(message)
  if (!sized.success) throw fromZodError(sized.error, 'body.messages')
  const forwarded = forwardedSchema.safeParse(forwardedProps ?? {})
  if (!forwarded.success) throw fromZodError(forwarded.error, 'body.forwardedProps')
  return { threadId, runId, message, environment: forwarded.data.environment }
}

function textOf(content: string | readonly { type: string; text?: unknown }[]): string {
  if (typeof content === 'string') return content
  return content.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : [])).join('\n')
}
