import { readHistory } from '@freehold/core'
import type { ChatMessage } from '../models/index.ts'
import { askApproval } from './approvals.ts'
import { delegate } from './child-runs.ts'
import { toChatMessages } from './conversation.ts'
import { askFlag } from './flags.ts'
import { askModel } from './model-calls.ts'
import type { FlagValue, ProgramRun } from './program.ts'
import { journalable } from './replay.ts'
import type { Steps } from './steps.ts'
import { createToolCaller } from './tool-calls.ts'

/** The run that a program is given: what it may know, and its steps. `remember` gets what the conversation gains. */
export function createProgramRun(steps: Steps, remember: (message: ChatMessage) => void): ProgramRun {
  const { claimed, engine } = steps
  const tools = claimed.tools.flatMap((name) => {
    const tool = engine.tools.get(name)
    return tool ? [engine.tools.describe(tool)] : []
  })
  const callTool = createToolCaller(steps)
  return {
    id: steps.runId,
    tenantId: claimed.lease.tenantId,
    agent: claimed.agent,
    message: claimed.message,
    metadata: claimed.metadata,
    systemPrompt: claimed.systemPrompt,
    tools,
    limits: claimed.limits,
    signal: steps.signal,
    conversation: () => seen(readConversation(steps)),
    model: ({ messages, system = claimed.systemPrompt, tools: offered = tools }) =>
      seen(askModel(steps, { messages, system, tools: offered })),
    tool: (call) => seen(callTool(call)),
    delegate: (task) => seen(delegate(steps, task)),
    approve: (question) => seen(askApproval(steps, question)),
    sleep: (durationMs) => seen(sleep(steps, durationMs)),
    now: () => seen(note(steps, 'now', () => new Date().toISOString()).then((text) => new Date(text))),
    random: () => seen(note(steps, 'random', Math.random)),
    flag: <T extends FlagValue>(name: string, fallback: T) => seen(askFlag(steps, name, fallback)),
    step: (name, work) => seen(doOnce(steps, name, work)),
    remember: (message) => remember(journalable(message, 'A message to remember')),
  }
}

/** A program may start a step and end without looking at it. Its rejection then must not look like a forgotten one. */
function seen<T>(step: Promise<T>): Promise<T> {
  step.catch(() => {})
  return step
}

async function readConversation(steps: Steps): Promise<ChatMessage[]> {
  const history = await steps.query((database) => readHistory(database, steps.claimed))
  return [...toChatMessages(history), { role: 'user', content: steps.claimed.message }]
}

/** By the database's clock, which decides when a run that waits may go on. */
async function sleep(steps: Steps, durationMs: number): Promise<void> {
  const step = steps.take('timer')
  const known = steps.replay.find(step, 'timer.set')
  const until = known?.until ?? new Date(steps.databaseNow() + durationMs).toISOString()
  if (!known) steps.append({ type: 'timer.set', data: { step, until } })
  if (Date.parse(until) > steps.databaseNow()) await steps.park({ step, kind: 'timer', until })
}

async function doOnce<T>(steps: Steps, name: string, work: () => Promise<T> | T): Promise<T> {
  const step = steps.take(`step:${name}`)
  const known = steps.replay.find(step, 'step.finished')
  // What the program returned from this step before, through JSON.
  if (known) return known.output as T
  const output = journalable(await steps.effect(async () => work()), `The result of step "${name}"`)
  steps.append({ type: 'step.finished', data: { step, name, output } })
  return output
}

/** A value that is only noted: nothing outside happens, so nothing needs to be settled first. */
async function note<T>(steps: Steps, name: string, make: () => T): Promise<T> {
  const step = steps.take(name, 0)
  const known = steps.replay.find(step, 'step.finished')
  if (known) return known.output as T
  const output = make()
  steps.append({ type: 'step.finished', data: { step, name, output } })
  return output
}
