import { RunAgentInputSchema } from '@ag-ui/core/schemas'
import {
  type DecideApproval,
  decideApprovalSchema,
  environmentSchema,
  FreeholdError,
  fromZodError,
  startRunSchema,
  threadIdSchema,
} from '@freehold/contracts'
import { z } from 'zod'

const forwardedSchema = z.object({
  environment: environmentSchema.default('production'),
  user: startRunSchema.shape.user,
  version: startRunSchema.shape.version,
})

/** An answer to an interrupt. One without a decision only comes back to the run. */
export interface AguiAnswer {
  approvalId: string
  decision: DecideApproval | undefined
}

export interface AguiInput {
  threadId: string
  runId: string
  /** Empty unless this goes on behind an interrupt, which needs no message. */
  answers: AguiAnswer[]
  message: string
  environment: z.output<typeof environmentSchema>
  /** The person the run is for. */
  user?: string | undefined
  /** The version to try, in development. */
  version?: number | undefined
}

const connectSchema = z.object({ threadId: threadIdSchema, runId: threadIdSchema })

/** Which conversation to show. The rest of what an AG-UI client sends says nothing here. */
export function readConnectInput(body: unknown): z.output<typeof connectSchema> {
  const parsed = connectSchema.safeParse(body)
  if (!parsed.success) throw fromZodError(parsed.error, 'body')
  return parsed.data
}

/** What a run is started with, or the answers with which it goes on. The thread on the server is the conversation, so only the newest user message counts. */
export function readAguiInput(body: unknown): AguiInput {
  const parsed = RunAgentInputSchema.safeParse(body)
  if (!parsed.success) throw fromZodError(parsed.error, 'body')
  const { threadId, runId, messages, forwardedProps, resume = [] } = parsed.data
  if (!threadIdSchema.safeParse(threadId).success || !threadIdSchema.safeParse(runId).success) {
    throw new FreeholdError('invalid_request', 'body.threadId, body.runId: use letters, digits, ".", "_", ":" and "-"')
  }
  const answers = resume.map(readAnswer)
  const last = messages.findLast(({ role }) => role === 'user')
  const message = last?.role === 'user' ? textOf(last.content) : ''
  if (message === '' && answers.length === 0)
    throw new FreeholdError('invalid_request', 'body.messages: needs a user message with text')
  const sized = startRunSchema.shape.message.safeParse(message)
  if (!sized.success && answers.length === 0) throw fromZodError(sized.error, 'body.messages')
  const forwarded = forwardedSchema.safeParse(forwardedProps ?? {})
  if (!forwarded.success) throw fromZodError(forwarded.error, 'body.forwardedProps')
  return { threadId, runId, answers, message, ...forwarded.data }
}

/** Who abandons an interrupt decides nothing: the approval stays open for others. */
function readAnswer(entry: { interruptId: string; status: string; payload?: unknown }, index: number): AguiAnswer {
  const location = `body.resume.${index}`
  const id = z.uuid({ error: 'must be the id of an interrupt' }).safeParse(entry.interruptId)
  if (!id.success) throw fromZodError(id.error, `${location}.interruptId`)
  if (entry.status === 'cancelled' || entry.payload === undefined || entry.payload === null) {
    return { approvalId: id.data, decision: undefined }
  }
  const decision = decideApprovalSchema.safeParse(entry.payload)
  if (!decision.success) throw fromZodError(decision.error, `${location}.payload`)
  return { approvalId: id.data, decision: decision.data }
}

function textOf(content: string | readonly { type: string; text?: unknown }[]): string {
  if (typeof content === 'string') return content
  return content.flatMap(({ type, text }) => (type === 'text' && typeof text === 'string' ? [text] : [])).join('\n')
}
