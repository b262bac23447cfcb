import type { AGUIEvent, Message, RunFinishedEvent, ToolCallResultEvent } from '@ag-ui/core'
import type { EventData } from '@freehold/contracts'

export interface ToolCall {
  kind: 'call'
  id: string
  name: string
  /** JSON. */
  input: string
  approvalId?: string
  result?: { text: string; failed: boolean; latencyMs: number | undefined; childRunId: string | undefined }
}

export type Entry =
  | { kind: 'question'; id: string; text: string }
  | { kind: 'answer'; id: string; text: string; open: boolean }
  | ToolCall
  /** One that is about no call of a tool, such as to raise a budget. */
  | { kind: 'approval'; id: string }
  | { kind: 'notice'; id: string; text: string; aboutRun: boolean }

export interface Conversation {
  /** `waiting`: for people. */
  phase: 'loading' | 'idle' | 'running' | 'waiting' | 'failed' | 'cancelled'
  entries: readonly Entry[]
  /** The last run, once it has begun. */
  runId: string | undefined
  /** Why the last run failed. */
  failure: string | undefined
  /** Why nothing more is heard of it. */
  lost: unknown
}

export type Happening =
  | AGUIEvent
  | { type: 'ASKED'; id: string; text: string }
  | { type: 'CONNECTING' }
  | { type: 'LOST'; error: unknown }

/** What is shown of a conversation, after another thing has happened in it. */
export function reduce(before: Conversation, event: Happening): Conversation {
  switch (event.type) {
    case 'ASKED':
      return { ...running(before), runId: undefined, entries: [...before.entries, questionOf(event)] }
    case 'CONNECTING':
      return { ...before, lost: undefined }
    case 'LOST':
      return { ...before, phase: before.phase === 'loading' ? 'idle' : before.phase, lost: event.error }
    case 'RUN_STARTED':
      return { ...running(before), runId: textOf(event.metadata?.runId) }
    case 'RUN_FINISHED':
      return finish(before, event)
    case 'RUN_ERROR':
      return { ...before, phase: 'failed', failure: event.message }
    default: {
      const entries = addTo(before.entries, event)
      return entries === before.entries ? before : { ...before, entries }
    }
  }
}

function running(before: Conversation): Conversation {
  return { ...before, phase: 'running', failure: undefined, lost: undefined }
}

function questionOf({ id, text }: { id: string; text: string }): Entry {
  return { kind: 'question', id, text }
}

function finish(before: Conversation, event: RunFinishedEvent): Conversation {
  const { outcome, result } = event
  if (outcome?.type === 'interrupt') return { ...before, phase: 'waiting' }
  if (outcome?.type === 'cancelled') return { ...before, phase: 'cancelled' }
  // Nothing is said of a run that began nothing.
  const said = before.entries.at(-1)?.kind === 'answer' || result === undefined || result === null
  const text = typeof result === 'string' ? result : JSON.stringify(result, null, 2)
  const answer: Entry = { kind: 'answer', id: `${event.runId}:result`, text, open: false }
  return { ...before, phase: 'idle', entries: said ? before.entries : [...before.entries, answer] }
}

function addTo(entries: readonly Entry[], event: AGUIEvent): readonly Entry[] {
  switch (event.type) {
    case 'MESSAGES_SNAPSHOT':
      return fromMessages(event.messages)
    case 'TEXT_MESSAGE_START': {
      const kept = entries.filter(({ id }) => id !== event.metadata?.replaces)
      return [...kept, { kind: 'answer', id: event.messageId, text: '', open: true }]
    }
    case 'TEXT_MESSAGE_CONTENT':
      return change(entries, 'answer', event.messageId, ({ text }) => ({ text: text + event.delta }))
    case 'TEXT_MESSAGE_END':
      return change(entries, 'answer', event.messageId, () => ({ open: false }))
    case 'TOOL_CALL_START':
      return [...entries, { kind: 'call', id: event.toolCallId, name: event.toolCallName, input: '' }]
    case 'TOOL_CALL_ARGS':
      return change(entries, 'call', event.toolCallId, ({ input }) => ({ input: input + event.delta }))
    case 'TOOL_CALL_RESULT':
      return change(entries, 'call', event.toolCallId, () => ({ result: resultOf(event) }))
    case 'CUSTOM':
      return addCustom(entries, event.name, event.value)
    default:
      return entries
  }
}

/** Of those of a kind the last with this id, as a model may give an id again. */
function change<Kind extends Entry['kind']>(
  entries: readonly Entry[],
  kind: Kind,
  id: string,
  how: (entry: Extract<Entry, { kind: Kind }>) => Partial<Extract<Entry, { kind: Kind }>>,
): readonly Entry[] {
  const index = entries.findLastIndex((entry) => entry.kind === kind && entry.id === id)
  const entry = entries[index]
  if (!entry) return entries
  // Found by its kind.
  return entries.with(index, { ...entry, ...how(entry as Extract<Entry, { kind: Kind }>) } as Entry)
}

function resultOf({ content, metadata }: ToolCallResultEvent): NonNullable<ToolCall['result']> {
  return {
    text: plain(content),
    failed: metadata?.failed === true,
    latencyMs: typeof metadata?.latencyMs === 'number' ? metadata.latencyMs : undefined,
    childRunId: textOf(metadata?.runId),
  }
}

function addCustom(entries: readonly Entry[], name: string, value: unknown): readonly Entry[] {
  const notice = (id: string, text: string, aboutRun = false): Entry[] => [
    ...entries,
    { kind: 'notice', id, text, aboutRun },
  ]
  // The translator on the server gives each of them the data of the journal's event of this name.
  switch (name) {
    case 'approval.requested': {
      const { approvalId, toolCallId } = value as EventData<'approval.requested'>
      if (toolCallId !== null) return change(entries, 'call', toolCallId, () => ({ approvalId }))
      return [...entries, { kind: 'approval', id: approvalId }]
    }
    case 'attempt.failed': {
      const { attempt, error } = value as EventData<'attempt.failed'>
      return notice(`attempt:${attempt}`, `Attempt ${attempt} failed and is repeated: ${error.message}`)
    }
    case 'decision.requested': {
      const { step, question } = value as EventData<'decision.requested'>
      return notice(`decision:${step}`, question, true)
    }
    default:
      return entries
  }
}

/** A conversation as the server tells it at once. */
function fromMessages(messages: readonly Message[]): Entry[] {
  const results = new Map(messages.flatMap((each) => (each.role === 'tool' ? [[each.toolCallId, each]] : [])))
  return messages.flatMap((message): Entry[] => {
    if (message.role === 'user') return [questionOf({ id: message.id, text: plain(message.content) })]
    if (message.role !== 'assistant') return []
    const text = message.content ?? ''
    const answer: Entry[] = text === '' ? [] : [{ kind: 'answer', id: message.id, text, open: false }]
    const calls = (message.toolCalls ?? []).map(({ id, function: called }): ToolCall => {
      const result = results.get(id)
      const known = { latencyMs: undefined, childRunId: undefined }
      return {
        ...{ kind: 'call', id, name: called.name, input: called.arguments },
        ...(result && { result: { ...known, text: plain(result.content), failed: result.error !== undefined } }),
      }
    })
    return [...answer, ...calls]
  })
}

/** This server says nothing but text. */
const plain = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content))
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
