import { type AGUIEvent, EventType, type Interrupt, type RunFinishedOutcome } from '@ag-ui/core'
import type { EventData, RunError, RunEvent, TextDelta } from '@freehold/contracts'
import { textOf } from './snapshot.ts'

interface TranslatedRun {
  threadId: string
  /** As the stream names it: by the client's own id, where it has one. */
  runId: string
  /** As the API names it. */
  id: string
  /** What the run has asked before the events that will come. */
  asked?: readonly EventData<'approval.requested'>[]
  /** Number of an event: whatever the run waited for before it is over. */
  wentOnBefore?: number
}

interface OpenMessage {
  step: string
  messageId: string
  text: string
}

/**
 * Turns a run's journal and live text into AG-UI events. The protocol can't take text back, so when an attempt of a
 * model call is repeated, the broken message is closed and the answer comes as a new one.
 *
 * A run that waits for nothing but approvals is an interrupt, which ends the AG-UI run. The next one goes on behind it.
 */
export class AguiTranslator {
  private readonly run: TranslatedRun
  /** What was asked so far, by approval. */
  private readonly asked = new Map<string, EventData<'approval.requested'>>()
  /** Whether RUN_FINISHED has been said, after which the protocol allows no event. */
  finished = false
  private open: OpenMessage | undefined
  private restarts = 0
  private failure: RunError | undefined

  constructor(run: TranslatedRun) {
    this.run = run
    for (const request of run.asked ?? []) this.asked.set(request.approvalId, request)
  }

  *begin(): Generator<AGUIEvent> {
    const { threadId, runId, id } = this.run
    yield { type: EventType.RUN_STARTED, threadId, runId, metadata: { runId: id } }
  }

  *translate(event: RunEvent | TextDelta): Generator<AGUIEvent> {
    switch (event.type) {
      case 'text.delta':
        return yield* this.addText(event)
      case 'model.finished':
        return yield* this.finishModel(event.data)
      case 'tool.finished':
        return yield this.toolResult(event.data)
      case 'child.finished':
        return yield* this.childResult(event.data)
      case 'approval.requested':
        this.asked.set(event.data.approvalId, event.data)
        return yield { type: EventType.CUSTOM, name: event.type, value: event.data }
      case 'run.waiting':
        if (isInterrupt(event.data) && event.seq >= (this.run.wentOnBefore ?? 0))
          return yield* this.interrupt(event.data.waits)
        return yield { type: EventType.CUSTOM, name: event.type, value: event.data }
      case 'approval.decided':
      case 'decision.requested':
      case 'budget.warned':
      case 'attempt.failed':
        return yield { type: EventType.CUSTOM, name: event.type, value: event.data }
      case 'run.succeeded':
        return yield* this.finish({ type: 'success' }, event.data.output)
      case 'run.cancelled':
        return yield* this.finish({ type: 'cancelled' })
      case 'run.failed':
        // The protocol has no way on after RUN_ERROR, and a failed run can be redriven.
        this.failure = event.data.error
        return yield* this.closeMessage()
      case 'run.redriven':
        this.failure = undefined
        return
      default:
        return
    }
  }

  /** Call when there are no more events. */
  *end(): Generator<AGUIEvent> {
    if (this.failure) yield { type: EventType.RUN_ERROR, message: this.failure.message, code: this.failure.code }
  }

  /** Ends the AG-UI run with what the run waits for. */
  *interrupt(waits: EventData<'run.waiting'>['waits']): Generator<AGUIEvent> {
    const requests = waits.flatMap(({ approvalId }) => this.asked.get(approvalId ?? '') ?? [])
    yield* this.finish({ type: 'interrupt', interrupts: requests.map(toInterrupt) })
  }

  private *finish(outcome: RunFinishedOutcome, result?: unknown): Generator<AGUIEvent> {
    yield* this.closeMessage()
    this.finished = true
    yield {
      type: EventType.RUN_FINISHED,
      threadId: this.run.threadId,
      runId: this.run.runId,
      outcome,
      ...(result !== undefined && { result }),
    }
  }

  private *addText({ step, offset, delta }: TextDelta): Generator<AGUIEvent> {
    const goesOn = this.open?.step === step && offset === this.open.text.length
    if (!goesOn) {
      if (offset !== 0) return // joined in the middle: the whole text comes when the step ends
      yield* this.openMessage(step)
    }
    yield* this.appendText(delta)
  }

  private *finishModel(data: EventData<'model.finished'>): Generator<AGUIEvent> {
    const known = this.open?.step === data.step ? this.open.text : ''
    if (!data.text.startsWith(known)) yield* this.openMessage(data.step)
    else if (data.text !== '' && this.open?.step !== data.step) yield* this.openMessage(data.step)
    yield* this.appendText(data.text.slice(this.open?.text.length ?? 0))
    const parentMessageId = this.open?.messageId
    yield* this.closeMessage()
    for (const call of data.toolCalls) {
      const toolCallId = call.id
      yield {
        type: EventType.TOOL_CALL_START,
        toolCallId,
        toolCallName: call.name,
        ...(parentMessageId && { parentMessageId }),
      }
      yield { type: EventType.TOOL_CALL_ARGS, toolCallId, delta: JSON.stringify(call.input ?? {}) }
      yield { type: EventType.TOOL_CALL_END, toolCallId }
    }
  }

  private toolResult({ toolCallId, output, error, latencyMs }: EventData<'tool.finished'>): AGUIEvent {
    const metadata = { latencyMs, failed: error !== undefined }
    return this.callResult(toolCallId, error ?? output, metadata)
  }

  private *childResult({ toolCallId, runId, status, output, error }: EventData<'child.finished'>) {
    if (toolCallId === null) return
    yield this.callResult(toolCallId, error?.message ?? output, { runId, failed: status !== 'succeeded' })
  }

  private callResult(toolCallId: string, result: unknown, metadata: Record<string, unknown>): AGUIEvent {
    const messageId = `${this.run.runId}:${toolCallId}`
    return { type: EventType.TOOL_CALL_RESULT, messageId, toolCallId, content: textOf(result), role: 'tool', metadata }
  }

  private *openMessage(step: string): Generator<AGUIEvent> {
    const broken = this.open?.step === step ? this.open.messageId : undefined
    yield* this.closeMessage()
    this.restarts = broken === undefined ? 0 : this.restarts + 1
    const messageId = `${this.run.runId}:${step}${this.restarts > 0 ? `:${this.restarts + 1}` : ''}`
    this.open = { step, messageId, text: '' }
    const metadata = broken === undefined ? {} : { metadata: { replaces: broken } }
    yield { type: EventType.TEXT_MESSAGE_START, messageId, role: 'assistant', ...metadata }
  }

  private *appendText(delta: string): Generator<AGUIEvent> {
    if (!this.open || delta === '') return
    this.open.text += delta
    yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId: this.open.messageId, delta }
  }

  private *closeMessage(): Generator<AGUIEvent> {
    if (this.open) yield { type: EventType.TEXT_MESSAGE_END, messageId: this.open.messageId }
    this.open = undefined
  }
}

/** Nothing but people can make the run go on. One that waits for a timer or a child as well goes on by itself. */
function isInterrupt({ waits }: EventData<'run.waiting'>): boolean {
  return waits.length > 0 && waits.every(({ kind }) => kind === 'approval')
}

function toInterrupt(request: EventData<'approval.requested'>): Interrupt {
  const { approvalId, kind, tool, toolCallId, reason, argumentsHash, expiresAt } = request
  return {
    id: approvalId,
    reason: `${kind}_approval`,
    message: reason,
    ...(toolCallId !== null && { toolCallId }),
    responseSchema: {
      type: 'object',
      properties: {
        decision: { type: 'string', enum: ['approve', 'reject'] },
        argumentsHash: { type: 'string', const: argumentsHash },
        arguments: { description: 'Approve these instead of the ones that were asked for.' },
        comment: { type: 'string' },
      },
      required: ['decision', 'argumentsHash'],
    },
    expiresAt,
    metadata: {
      tool,
      arguments: request.arguments,
      argumentsHash,
      approvers: request.approvers,
      quorum: request.quorum,
    },
  }
}
