import type { EventData, ToolCall } from '@freehold/contracts'
import { readHttpCredential } from '@freehold/core'
import { openConnection } from '../connections/open-connection.ts'
import { createGuardedFetch, type GuardedFetch } from '../egress/index.ts'
import { callTool, type HandlerTool, parseToolInput, type Tool, ToolError } from '../tools/index.ts'
import { approveCall } from './approvals.ts'
import { runChild, type Task } from './child-runs.ts'
import { RunFailure } from './outcomes.ts'
import type { ToolOutcome } from './program.ts'
import { journalable, throughJson } from './replay.ts'
import type { Steps } from './steps.ts'

/** Makes the function that calls a run's tools, each call a step. */
export function createToolCaller(steps: Steps): (call: ToolCall) => Promise<ToolOutcome> {
  const { claimed, engine } = steps
  const fetch = createGuardedFetch({
    operatorAllow: [...engine.operatorAllow],
    tenantAllowedHosts: claimed.allowedHosts,
  })
  return async (asked) => {
    const call = { ...asked, input: journalable(asked.input, `The input of a call to "${asked.name}"`) }
    const tool = claimed.tools.includes(call.name) ? engine.tools.get(call.name) : undefined
    return tool?.kind === 'engine' ? delegateByTool(steps, tool, call) : useTool(steps, tool, call, fetch)
  }
}

async function useTool(
  steps: Steps,
  tool: HandlerTool | undefined,
  call: ToolCall,
  fetch: GuardedFetch,
): Promise<ToolOutcome> {
  const step = steps.take('tool')
  const known = steps.replay.find(step, 'tool.finished')
  if (known) return toOutcome(assertSame(step, known, call))
  const before = steps.replay.last(step, ['tool.started', 'decision.made'])
  if (before?.type === 'tool.started') {
    assertSame(step, before.data, call)
    // Only a tool of the agent can have been called, perhaps by a worker that has one which is missing here.
    if (steps.claimed.tools.includes(call.name) && !tool?.idempotent) return askWhatHappened(steps, before.data)
  }
  if (before?.type === 'decision.made' && before.data.decision !== 'retry') {
    return settleDoubt(steps, call, before.data)
  }
  const started = steps.replay.find(step, 'tool.started')
  // What was approved for a call that was cut off is approved for the same call made again.
  const allowed =
    started || !tool ? { input: started?.input ?? call.input } : await approveCall(steps, step, tool, call)
  if ('refused' in allowed) return finish(steps, step, call, 0, refusal(allowed.refused))
  const { input } = allowed
  const idempotencyKey = `${steps.runId}:${step}`
  // An idempotent call in doubt is made again under the start that the journal has.
  if (before?.type !== 'tool.started') {
    const data = { step, toolCallId: call.id, name: call.name, input, idempotencyKey }
    steps.append({ type: 'tool.started', data })
  }
  const startedAt = performance.now()
  const outcome = await steps.effect(() => attempt(steps, tool, { ...call, input }, { step, idempotencyKey, fetch }))
  return finish(steps, step, call, Math.round(performance.now() - startedAt), outcome)
}

async function attempt(
  steps: Steps,
  tool: HandlerTool | undefined,
  call: ToolCall,
  context: { step: string; idempotencyKey: string; fetch: GuardedFetch },
): Promise<ToolOutcome> {
  const { claimed, engine, runId } = steps
  if (!tool) return refusal(`There is no tool "${call.name}". Yours: ${claimed.tools.join(', ')}.`)
  const { toolTimeoutMs } = claimed.limits
  const limit = AbortSignal.timeout(toolTimeoutMs)
  const signal = AbortSignal.any([steps.signal, limit])
  try {
    const { tenantId } = claimed.lease
    const user = { tenantId, team: claimed.team }
    const open = (name: string) => openConnection(context.fetch, name, () => readHttpCredential(engine, user, name))
    const work = callTool(tool, call.input, { ...context, tenantId, runId, signal, openConnection: open })
    return { failed: false, output: throughJson(await orAborted(work, signal)) }
  } catch (error) {
    steps.signal.throwIfAborted()
    if (limit.aborted) return refusal(`The tool did not answer within ${toolTimeoutMs} ms. It may have worked.`)
    if (error instanceof ToolError) return refusal(error.message)
    engine.logger.error({ err: error, runId, requestId: claimed.requestId, tool: call.name }, 'tool failed')
    return refusal(`The tool "${call.name}" failed unexpectedly.`)
  }
}

/** A call that was cut off and must not be made twice: a person decides. */
function askWhatHappened(steps: Steps, { step, name }: EventData<'tool.started'>): Promise<never> {
  if (steps.replay.last(step, ['tool.started', 'decision.requested'])?.type === 'tool.started') {
    const question = `The worker died while "${name}" ran, so its outcome is unknown: retry, skip or fail?`
    steps.append({ type: 'decision.requested', data: { step, question, options: ['retry', 'skip', 'fail'] } })
  }
  return steps.park({ step, kind: 'decision', until: null })
}

function settleDoubt(steps: Steps, call: ToolCall, { step, decision, by }: EventData<'decision.made'>): ToolOutcome {
  if (decision === 'fail') {
    throw new RunFailure(
      'tool_unavailable',
      `The outcome of "${call.name}" was unknown, and ${by} chose to fail the run.`,
    )
  }
  const reason = `The outcome of this call is unknown, and ${by} chose to go on without it.`
  return finish(steps, step, call, 0, refusal(reason))
}

/** The one engine tool: a child run answers for it. */
async function delegateByTool(steps: Steps, tool: Tool, call: ToolCall): Promise<ToolOutcome> {
  const step = steps.take('child')
  const refused = steps.replay.find(step, 'tool.finished')
  if (refused) return toOutcome(refused)
  const started = steps.replay.find(step, 'child.started')
  const allowed = started ? { input: call.input } : await approveCall(steps, step, tool, call)
  if ('refused' in allowed) return finish(steps, step, call, 0, refusal(allowed.refused))
  try {
    // The input schema of `delegate` is this shape.
    const task = parseToolInput(tool, allowed.input) as Task
    const { error, ...outcome } = await runChild(steps, step, task, call.id)
    return outcome.status === 'succeeded'
      ? { failed: false, output: outcome }
      : refusal(`"${task.agent}" ${outcome.status}: ${error?.message ?? 'no reason given'}`)
  } catch (error) {
    if (!(error instanceof ToolError) && !(error instanceof RunFailure && error.code === 'child_failed')) throw error
    // What was refused stays refused, whatever a later execution would find.
    return finish(steps, step, call, 0, refusal(error.message))
  }
}

function finish(steps: Steps, step: string, call: ToolCall, latencyMs: number, outcome: ToolOutcome): ToolOutcome {
  const result = outcome.failed ? { error: String(outcome.output) } : { output: outcome.output }
  const data: EventData<'tool.finished'> = { step, toolCallId: call.id, name: call.name, latencyMs, ...result }
  steps.append({ type: 'tool.finished', data })
  return toOutcome(data)
}

function refusal(reason: string): ToolOutcome {
  return { failed: true, output: reason }
}

function toOutcome(finished: Pick<EventData<'tool.finished'>, 'output' | 'error'>): ToolOutcome {
  return finished.error === undefined
    ? { failed: false, output: finished.output ?? null }
    : { failed: true, output: finished.error }
}

function assertSame<T extends { name: string }>(step: string, known: T, call: ToolCall): T {
  if (known.name === call.name) return known
  throw new RunFailure(
    'program_changed',
    `Step ${step} called "${known.name}" before and calls "${call.name}" now. A program must take the same steps each time; start a new run.`,
  )
}

/** Stops waiting for work that does not listen to its signal. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
