import type { EventData, ToolCall } from '@freehold/contracts'
import {
  completeTerms,
  type EffectiveTerms,
  findNeededApproval,
  hashArguments,
  settleApproval,
  storable,
} from '@freehold/core'
import { uuidv7 } from 'uuidv7'
import { parseToolInput, type Tool, ToolError } from '../tools/index.ts'
import { RunFailure } from './outcomes.ts'
import type { ApprovalOutcome, ApprovalQuestion } from './program.ts'
import { throughJson } from './replay.ts'
import type { Steps } from './steps.ts'

/** What a step asks approval for. */
interface Request extends Pick<EventData<'approval.requested'>, 'kind' | 'tool' | 'toolCallId' | 'reason'> {
  arguments: unknown
  terms: EffectiveTerms
  /** When there is nothing left to approve, as a time in ISO 8601. Null: never. */
  endsAt?: string | null
}

type Outcome = EventData<'approval.decided'>

/** A step by which a program asks people itself. What they agree to is `details`, perhaps as they edited it. */
export async function askApproval(steps: Steps, question: ApprovalQuestion): Promise<ApprovalOutcome> {
  const { title, details = null, ...terms } = question
  const step = steps.take('approval')
  const outcome = await obtainApproval(steps, step, {
    kind: 'program',
    tool: null,
    toolCallId: null,
    reason: title,
    arguments: details,
    terms: completeTerms(terms, true),
  })
  if (outcome.decision === 'approved') useApproval(steps, outcome)
  const { by, comment } = outcome
  return { approved: outcome.decision === 'approved', by, comment, details: outcome.arguments }
}

/**
 * The arguments with which a tool call may be made, once it may: its own when it needs no approval, else exactly the
 * approved ones, whose approval is used up with that. A refusal says in words for the model who refused and why.
 */
export async function approveCall(
  steps: Steps,
  step: string,
  tool: Tool,
  call: ToolCall,
): Promise<{ input: unknown } | { refused: string }> {
  const asked = steps.replay.find(step, 'approval.requested')
  // What was asked for must be answered, even if a newer release would not ask.
  const request = needOf(steps, tool, call) ?? (asked && { reason: asked.reason, terms: completeTerms(asked, false) })
  if (!request) return { input: call.input }
  const outcome = await obtainApproval(steps, step, {
    kind: 'tool',
    tool: call.name,
    toolCallId: call.id,
    arguments: call.input,
    ...request,
  })
  if (outcome.decision !== 'approved') {
    const by = outcome.by.includes('expiry') ? 'because nobody approved it in time' : `by ${outcome.by.join(', ')}`
    return { refused: `Rejected ${by}${outcome.comment === null ? '.' : `: ${outcome.comment}`}` }
  }
  useApproval(steps, outcome)
  return { input: outcome.arguments }
}

/** Whether the agent's policy asks for approval of a call. Arguments that don't fit the tool are refused without. */
function needOf({ claimed }: Steps, tool: Tool, call: ToolCall) {
  try {
    const { agent, environment, approvals } = claimed
    return findNeededApproval(approvals, tool, () => ({
      args: throughJson(parseToolInput(tool, storable(call.input))),
      agent,
      environment,
    }))
  } catch (error) {
    if (error instanceof ToolError) return undefined
    throw error
  }
}

/** Asks once, and waits for as long as it takes. Throws a `RunFailure` when the policy ends the run for want of an answer. */
async function obtainApproval(steps: Steps, step: string, request: Request): Promise<Outcome> {
  const outcome = await awaitOutcome(steps, step, request)
  if (outcome.decision === 'failed') throw failUnapproved(steps, step)
  return outcome
}

/** How a run ends whose policy doesn't let it go on unapproved. */
export function failUnapproved({ replay }: Steps, step: string): RunFailure {
  const expired = replay.find(step, 'approval.requested')?.expiresAt
  return new RunFailure(
    'approval_expired',
    `Nobody approved step ${step} before ${expired}. Redrive the run to ask again.`,
  )
}

/** Asks once, and waits for as long as it takes. What comes of it is the caller's to see. */
export async function awaitOutcome(steps: Steps, step: string, request: Request): Promise<Outcome> {
  const asked = steps.replay.find(step, 'approval.requested')
  if (!asked) return ask(steps, step, request)
  if (asked.argumentsHash !== hashArguments(storable(request.arguments)) || asked.tool !== request.tool) {
    throw new RunFailure(
      'program_changed',
      `Step ${step} asked approval for something else before. A program must take the same steps each time; start a new run.`,
    )
  }
  const outcome = decidedOutcome(steps, step) ?? (await look(steps, asked))
  if (outcome === 'pending') {
    const { approvalId, expiresAt } = asked
    return steps.park({ step, kind: 'approval', until: expiresAt, approvalId })
  }
  if (outcome === 'cancelled') return ask(steps, step, request)
  return outcome
}

function decidedOutcome(steps: Steps, step: string): Outcome | undefined {
  const last = steps.replay.last(step, ['approval.requested', 'approval.decided'])
  return last?.type === 'approval.decided' ? last.data : undefined
}

/** What became of a request that the journal has no outcome of: nothing yet, or something while a worker held the run. */
async function look(
  steps: Steps,
  { approvalId }: EventData<'approval.requested'>,
): Promise<Outcome | 'pending' | 'cancelled'> {
  const { status, outcome } = await steps.query((database) => settleApproval(database, steps.claimed.lease, approvalId))
  if (status === 'pending' || status === 'cancelled') return status
  steps.append({ type: 'approval.decided', data: outcome })
  return outcome
}

/** The row of the approval is written by the statement that appends this event, which is the one that suspends the run. */
function ask(steps: Steps, step: string, { terms, endsAt, ...request }: Request): Promise<never> {
  const { expiresAfterMs, ...rule } = terms
  const approvalId = uuidv7()
  const wanted = storable(request.arguments)
  const endsAtMs = endsAt ? Date.parse(endsAt) : Infinity
  const untilMs = Math.min(steps.databaseNow() + expiresAfterMs, endsAtMs)
  const expiresAt = new Date(untilMs).toISOString()
  steps.append({
    type: 'approval.requested',
    data: { step, approvalId, ...request, arguments: wanted, argumentsHash: hashArguments(wanted), ...rule, expiresAt },
  })
  return steps.park({ step, kind: 'approval', until: expiresAt, approvalId })
}

/** Once only: the database refuses the second use, as the journal does the second `tool.started`. */
export function useApproval(steps: Steps, { step, approvalId, argumentsHash }: Outcome): void {
  const used = steps.replay.find(step, 'approval.used')
  if (used?.approvalId === approvalId) return
  steps.append({ type: 'approval.used', data: { step, approvalId, argumentsHash } })
}
