import type { EventData, RunEvent } from '@freehold/contracts'
import {
  formatCost,
  formatCount,
  formatDuration,
  formatPlural,
  formatTime,
  oneLine,
  printable,
  truncate,
} from '../terminal/format.ts'

/** One line about an event. */
export interface EventLine {
  mark: '✓' | '✗' | '·'
  words: string
}

/** What a line may take up, and how to write a command that the user is told to type. */
interface LineStyle {
  width: number
  command: (rest: string) => string
}

/** Describes the events of one run in their order. It remembers what began, to say at the end what it was. */
export function createEventDescriber(runId: string, style: LineStyle): (event: RunEvent) => EventLine[] {
  const tools = new Map<string, EventData<'tool.started'>>()
  const children = new Map<string, EventData<'child.started'>>()
  return (event) => {
    switch (event.type) {
      case 'tool.started':
        tools.set(event.data.step, event.data)
        return []
      case 'child.started':
        children.set(event.data.step, event.data)
        return []
      case 'tool.finished':
        return [describeTool(event.data, tools.get(event.data.step), style)]
      case 'child.finished':
        return [describeChild(event.data, children.get(event.data.step), style)]
      case 'run.waiting':
        return event.data.waits.map((wait) => describeWait(wait, children.get(wait.step)))
      case 'decision.requested':
        return describeQuestion(runId, event.data, style)
      case 'approval.requested':
        return describeRequest(event.data, style)
      default:
        return describeSimple(event)
    }
  }
}

function describeSimple(event: RunEvent): EventLine[] {
  switch (event.type) {
    case 'run.started':
      return event.data.attempt > 1 ? [note(`begins again, attempt ${event.data.attempt}`)] : []
    case 'run.resumed':
      return [note(event.data.attempt > 1 ? `goes on, attempt ${event.data.attempt}` : 'goes on')]
    case 'run.redriven':
      return [note(`queued again by ${oneLine(event.data.by)}`)]
    case 'run.failed':
      return [failure(`${printable(event.data.error.message)} (${event.data.error.code})`)]
    case 'attempt.failed':
      return [describeAttempt(event.data)]
    case 'run.cancelled':
      return [failure(`cancelled by ${oneLine(event.data.by)}`)]
    case 'model.finished':
      return [describeModel(event.data)]
    case 'model.failed':
      return [failure(`${oneLine(event.data.model)}: ${oneLine(event.data.message)}`)]
    case 'budget.warned':
      return [note(`${event.data.softPercent} % of the budget "${oneLine(event.data.name)}" is spent or reserved`)]
    case 'decision.made':
      return [note(`${oneLine(event.data.by)} decided about ${event.data.step}: ${event.data.decision}`)]
    case 'approval.decided':
      return [describeVerdict(event.data)]
    case 'step.finished':
      return [success(`${oneLine(event.data.name)} → ${truncate(oneLine(event.data.output), 60)}`)]
    default:
      return []
  }
}

function describeAttempt({ attempt, error, retryAt }: EventData<'attempt.failed'>): EventLine {
  const reason = `${printable(error.message)} (${error.code})`
  return failure(`attempt ${attempt} failed: ${reason}; to be tried again at ${formatTime(retryAt)}`)
}

function describeModel(data: EventData<'model.finished'>): EventLine {
  const calls = data.toolCalls.map(({ name }) => oneLine(name)).join(', ')
  const { inputTokens, outputTokens } = data.usage
  const parts = [
    `${oneLine(data.model)}${calls === '' ? '' : ` asks for ${calls}`}`,
    `${formatCount(inputTokens)} + ${formatCount(outputTokens)} tokens`,
    ...(data.costNanos === null ? ['price unknown'] : data.costNanos > 0 ? [formatCost(data.costNanos)] : []),
    ...(data.attempts > 1 ? [formatPlural(data.attempts, 'attempt')] : []),
    ...(data.finishReason === 'length' ? ['cut off at the token limit'] : []),
    formatDuration(data.latencyMs),
  ]
  return success(parts.join(' · '))
}

function describeTool(
  data: EventData<'tool.finished'>,
  started: EventData<'tool.started'> | undefined,
  { width }: LineStyle,
): EventLine {
  const input = started?.input === undefined ? '' : oneLine(JSON.stringify(started.input))
  const result = data.error === undefined ? oneLine(data.output ?? null) : oneLine(data.error)
  const name = oneLine(data.name)
  const ending = `, ${formatDuration(data.latencyMs)}`
  const [shownInput, shownResult] = fitBoth(input, result, width - `${name}  → ${ending}`.length)
  const words = `${name}${shownInput === '' ? '' : ` ${shownInput}`} → ${shownResult}${ending}`
  return data.error === undefined ? success(words) : failure(words)
}

function describeChild(
  data: EventData<'child.finished'>,
  started: EventData<'child.started'> | undefined,
  { width }: LineStyle,
): EventLine {
  const agent = oneLine(started?.agent ?? 'another agent')
  const result = data.status === 'succeeded' ? oneLine(data.output) : oneLine(data.error?.message ?? data.status)
  const [message, answer] = fitBoth(oneLine(started?.message ?? ''), result, width - `${agent} "" → `.length)
  const words = `${agent} "${message}" → ${answer}`
  return data.status === 'succeeded' ? success(words) : failure(words)
}

type Wait = EventData<'run.waiting'>['waits'][number]

function describeWait(wait: Wait, started: EventData<'child.started'> | undefined): EventLine {
  const until = wait.until === null ? '' : ` until ${formatTime(wait.until)}`
  if (wait.kind === 'timer') return note(`waits${until}`)
  if (wait.kind === 'decision') return note(`waits for a decision about ${wait.step}${until}`)
  if (wait.kind === 'approval') return note(`waits for the approval of ${wait.step}${until}`)
  const child = started === undefined ? 'another run' : `${oneLine(started.agent)}, run ${started.runId}`
  return note(`waits for ${child}${until}`)
}

function describeQuestion(runId: string, data: EventData<'decision.requested'>, { command }: LineStyle): EventLine[] {
  const answer = command(`runs decide ${runId} ${data.step} ${data.options.join('|')}`)
  return [note(printable(data.question)), note(`answer with: ${answer}`)]
}

function describeRequest(data: EventData<'approval.requested'>, { width, command }: LineStyle): EventLine[] {
  const what = data.tool === null ? '' : `${oneLine(data.tool)} `
  return [
    note(`${data.step} needs approval. ${printable(data.reason)}`),
    note(truncate(`${what}${oneLine(JSON.stringify(data.arguments))}`, width)),
    note(`decide with: ${command(`approvals show|approve|reject ${data.approvalId}`)}`),
  ]
}

function describeVerdict(data: EventData<'approval.decided'>): EventLine {
  const by = data.by.includes('expiry') ? 'since nobody decided in time' : `by ${oneLine(data.by.join(', '))}`
  const words = `${data.step} ${data.decision} ${by}${data.comment === null ? '' : `: ${oneLine(data.comment)}`}`
  return data.decision === 'approved' ? success(words) : failure(words)
}

/** Shares the room so that the second text, the result, is cut last. */
function fitBoth(first: string, second: string, room: number): [string, string] {
  if (first.length + second.length <= room) return [first, second]
  const half = Math.max(10, Math.floor(room / 2))
  const forSecond = Math.max(half, room - first.length)
  const shown = truncate(second, forSecond)
  return [truncate(first, Math.max(10, room - shown.length)), shown]
}

function success(words: string): EventLine {
  return { mark: '✓', words }
}
function failure(words: string): EventLine {
  return { mark: '✗', words }
}
function note(words: string): EventLine {
  return { mark: '·', words }
}

/** What happens after an event, for as long as nothing else is heard. Undefined when nothing does. */
export function describeProgress(event: RunEvent): string | undefined {
  switch (event.type) {
    case 'run.created':
    case 'run.redriven':
    case 'attempt.failed':
      return 'waiting for a worker …'
    case 'tool.started':
      return `${oneLine(event.data.name)} ${oneLine(JSON.stringify(event.data.input))} …`
    case 'child.started':
      return `asking ${oneLine(event.data.agent)} …`
    case 'run.waiting':
      return 'waiting …'
    case 'run.succeeded':
    case 'run.failed':
    case 'run.cancelled':
      return undefined
    default:
      return 'working …'
  }
}
