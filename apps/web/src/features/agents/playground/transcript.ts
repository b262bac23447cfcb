import type { Run, RunError, RunEvent, TextDelta } from '@freehold/contracts'
import { randomUuid } from '@freehold/contracts/browser'

/** What happened in a run, as a reader of the conversation sees it. */
export type Part =
  | { kind: 'text'; step: string; text: string }
  | {
      kind: 'tool'
      step: string
      name: string
      input: unknown
      output?: unknown
      error?: string | undefined
      state: 'asked' | 'running' | 'done' | 'failed'
    }

/** One message and what came of it. */
export interface Turn {
  /** In the conversation. */
  id: string
  message: string
  version: number
  runId: string | undefined
  parts: Part[]
  status: Run['status']
  error: Pick<RunError, 'message'> | undefined
  /** The approval that it waits for. */
  approvalId: string | undefined
  isDemo: boolean
  costNanos: number
  tokens: number
  /** Epoch milliseconds. */
  startedAt: number
  finishedAt: number | undefined
}

export function newTurn(message: string, version: number): Turn {
  return {
    id: randomUuid(),
    message,
    version,
    runId: undefined,
    parts: [],
    status: 'queued',
    error: undefined,
    approvalId: undefined,
    isDemo: false,
    costNanos: 0,
    tokens: 0,
    startedAt: Date.now(),
    finishedAt: undefined,
  }
}

/** A turn after one more thing was heard of its run. */
export function follow(turn: Turn, event: RunEvent | TextDelta): Turn {
  switch (event.type) {
    case 'text.delta':
      return { ...turn, parts: withText(turn.parts, event.step, event.delta, event.offset) }
    case 'run.started':
    case 'run.resumed':
      return {
        ...turn,
        status: 'running',
        approvalId: undefined,
        startedAt: turn.status === 'queued' ? Date.parse(event.at) : turn.startedAt,
      }
    case 'run.waiting': {
      const wait = event.data.waits.find((each) => each.approvalId !== undefined)
      return { ...turn, status: 'waiting', approvalId: wait?.approvalId }
    }
    case 'model.finished': {
      const { step, text, costNanos, usage, demo } = event.data
      return {
        ...turn,
        parts: text === '' ? turn.parts : withText(turn.parts, step, text, 0),
        isDemo: turn.isDemo || demo,
        costNanos: turn.costNanos + (costNanos ?? 0),
        tokens: turn.tokens + usage.inputTokens + usage.outputTokens,
      }
    }
    case 'run.succeeded':
      return { ...turn, status: 'succeeded', finishedAt: Date.parse(event.at) }
    case 'run.cancelled':
      return { ...turn, status: 'cancelled', finishedAt: Date.parse(event.at) }
    case 'run.failed':
      return { ...turn, status: 'failed', error: event.data.error, finishedAt: Date.parse(event.at) }
    default:
      return { ...turn, parts: withTool(turn.parts, event) }
  }
}

/** Text comes in pieces, and once more as a whole. */
function withText(parts: Part[], step: string, text: string, offset: number): Part[] {
  const at = parts.findIndex((part) => part.kind === 'text' && part.step === step)
  const before = parts[at]
  if (before?.kind !== 'text') return [...parts, { kind: 'text', step, text }]
  return parts.with(at, { ...before, text: before.text.slice(0, offset) + text })
}

function withTool(parts: Part[], event: RunEvent): Part[] {
  switch (event.type) {
    case 'approval.requested':
      return event.data.tool === null
        ? parts
        : putTool(parts, {
            kind: 'tool',
            step: event.data.step,
            name: event.data.tool,
            input: event.data.arguments,
            state: 'asked',
          })
    case 'tool.started':
      return putTool(parts, {
        kind: 'tool',
        step: event.data.step,
        name: event.data.name,
        input: event.data.input,
        state: 'running',
      })
    case 'child.started': {
      const { step, agent, message } = event.data
      return putTool(parts, { kind: 'tool', step, name: 'delegate', input: { agent, message }, state: 'running' })
    }
    case 'tool.finished': {
      const { step, output, error } = event.data
      return changeTool(parts, step, { output, error, state: error === undefined ? 'done' : 'failed' })
    }
    case 'child.finished': {
      const { step, output, error, status } = event.data
      return changeTool(parts, step, {
        output,
        error: error?.message,
        state: status === 'succeeded' ? 'done' : 'failed',
      })
    }
    default:
      return parts
  }
}

type ToolPart = Extract<Part, { kind: 'tool' }>

function putTool(parts: Part[], tool: ToolPart): Part[] {
  const at = parts.findIndex((part) => part.kind === 'tool' && part.step === tool.step)
  return at === -1 ? [...parts, tool] : parts.with(at, tool)
}

function changeTool(parts: Part[], step: string, change: Partial<ToolPart>): Part[] {
  return parts.map((part) => (part.kind === 'tool' && part.step === step ? { ...part, ...change } : part))
}
