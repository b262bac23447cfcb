import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AgentLimits, EventData, NewRunEvent, ToolCall } from '@freehold/contracts'
import { type ClaimedRun, type Database, readChildRun, readHistory, startChildRun, type Wait } from '@freehold/core'
import { uuidv7 } from 'uuidv7'
import { createGuardedFetch, type GuardedFetch } from '../egress/index.ts'
import { type ChatMessage, ModelError, type ModelReply, type ToolOffer } from '../models/index.ts'
import { callTool, type HandlerTool, parseToolInput, ToolError } from '../tools/index.ts'
import { toChatMessages } from './conversation.ts'
import type { Engine } from './engine.ts'
import { type JournalWriter, persist } from './journal-writer.ts'
import { RunFailure } from './outcomes.ts'
import type { ChildOutcome, ModelQuestion, ProgramRun, ToolOutcome } from './program.ts'
import { type Replay, throughJson } from './replay.ts'

interface Task {
  agent: string
  message: string
}

interface StepsParts {
  engine: Engine
  claimed: ClaimedRun
  replay: Replay
  writer: JournalWriter
  signal: AbortSignal
  /** Called when the program can only go on after one of these waits. */
  onParked: (waits: Wait[]) => void
}

/**
 * The steps of one execution of a run. A step that the journal has is answered from it. Any other is an effect:
 * journal settled → work → event. A step that must wait (timer, child, decision) parks: its promise stays open, and
 * once nothing else is under way the run is suspended; a later execution finds the wait over and goes on.
 */
export class Steps implements ProgramRun {
  readonly id: string
  readonly agent: string
  readonly message: string
  readonly metadata: Readonly<Record<string, string>>
  readonly systemPrompt: string
  readonly tools: readonly ToolOffer[]
  readonly limits: AgentLimits
  readonly signal: AbortSignal
  readonly remembered: ChatMessage[] = []

  private readonly parts: StepsParts
  private readonly fetch: GuardedFetch
  private readonly counters = new Map<string, number>()
  private readonly waits = new Map<string, Wait>()
  private stepsTaken = 0
  private underWay = 0

  constructor(parts: StepsParts) {
    const { claimed, engine, signal } = parts
    this.parts = parts
    this.id = claimed.lease.runId
    this.agent = claimed.agent
    this.message = claimed.message
    this.metadata = claimed.metadata
    this.systemPrompt = claimed.systemPrompt
    this.limits = claimed.limits
    this.signal = signal
    this.tools = claimed.tools.flatMap((name) => {
      const tool = engine.tools.get(name)
      return tool ? [engine.tools.describe(tool)] : []
    })
    this.fetch = createGuardedFetch({
      operatorAllow: [...engine.operatorAllow],
      tenantAllowedHosts: claimed.allowedHosts,
    })
  }

  async conversation(): Promise<ChatMessage[]> {
    const history = await this.effect(() => this.read((database) => readHistory(database, this.parts.claimed)))
    return [...toChatMessages(history), { role: 'user', content: this.message }]
  }

  remember(message: ChatMessage): void {
    this.remembered.push(message)
  }

  async model(question: ModelQuestion): Promise<ModelReply> {
    const step = this.takeStep('model')
    const known = this.parts.replay.find(step, 'model.finished')
    if (known) return known
    const reply = await this.effect(() => this.askModel(step, question))
    this.append({ type: 'model.finished', data: { step, ...reply } })
    return reply
  }

  private async askModel(step: string, question: ModelQuestion): Promise<ModelReply> {
    const { claimed, engine } = this.parts
    try {
      return await engine.callModel({
        model: claimed.model,
        fallbackModels: claimed.fallbackModels,
        system: question.system ?? this.systemPrompt,
        messages: question.messages,
        tools: question.tools ?? this.tools,
        maxOutputTokens: this.limits.maxOutputTokens,
        timeoutMs: this.limits.modelTimeoutMs,
        signal: this.signal,
        onText: (offset, delta) =>
          engine.bus.publish({ kind: 'text', runId: this.id, delta: { type: 'text.delta', step, offset, delta } }),
        onFallback: (model, error) =>
          this.append({ type: 'model.failed', data: { step, model, message: error.message } }),
      })
    } catch (error) {
      if (!(error instanceof ModelError)) throw error
      this.append({ type: 'model.failed', data: { step, model: claimed.model, message: error.message } })
      throw new RunFailure(error.code, error.message, { cause: error })
    }
  }

  async tool(call: ToolCall): Promise<ToolOutcome> {
    const tool = this.parts.claimed.tools.includes(call.name) ? this.parts.engine.tools.get(call.name) : undefined
    if (tool?.kind === 'engine') return this.delegateByTool(call)
    const step = this.takeStep('tool')
    const known = this.parts.replay.find(step, 'tool.finished')
    if (known) return toOutcome(this.assertSame(step, known, call))
    const before = this.parts.replay.last(step, ['tool.started', 'decision.made'])
    if (before?.type === 'tool.started') {
      this.assertSame(step, before.data, call)
      if (!tool?.idempotent) return this.askWhatHappened(step, before.data)
    }
    if (before?.type === 'decision.made' && before.data.decision !== 'retry') {
      return this.settleDoubt(step, call, before.data)
    }
    // An idempotent call in doubt is made again under the start that the journal has.
    if (before?.type !== 'tool.started') {
      const data = {
        step,
        toolCallId: call.id,
        name: call.name,
        input: call.input,
        idempotencyKey: `${this.id}:${step}`,
      }
      this.append({ type: 'tool.started', data })
    }
    return this.runTool(step, call, tool)
  }

  private async runTool(step: string, call: ToolCall, tool: HandlerTool | undefined): Promise<ToolOutcome> {
    const startedAt = performance.now()
    const outcome = await this.effect(() => this.attemptTool(step, call, tool))
    const latencyMs = Math.round(performance.now() - startedAt)
    const result = outcome.failed ? { error: String(outcome.output) } : { output: outcome.output }
    const data: EventData<'tool.finished'> = { step, toolCallId: call.id, name: call.name, latencyMs, ...result }
    this.append({ type: 'tool.finished', data })
    return toOutcome(data)
  }

  private async attemptTool(step: string, call: ToolCall, tool: HandlerTool | undefined): Promise<ToolOutcome> {
    const { claimed, engine } = this.parts
    if (!tool) return { failed: true, output: `There is no tool "${call.name}". Yours: ${claimed.tools.join(', ')}.` }
    const limit = AbortSignal.timeout(this.limits.toolTimeoutMs)
    const signal = AbortSignal.any([this.signal, limit])
    try {
      const work = callTool(tool, call.input, {
        tenantId: claimed.lease.tenantId,
        runId: this.id,
        step,
        idempotencyKey: `${this.id}:${step}`,
        signal,
        fetch: this.fetch,
      })
      return { failed: false, output: throughJson(await orAborted(work, signal)) }
    } catch (error) {
      this.signal.throwIfAborted()
      if (limit.aborted) {
        return {
          failed: true,
          output: `The tool did not answer within ${this.limits.toolTimeoutMs} ms. It may have worked.`,
        }
      }
      if (error instanceof ToolError) return { failed: true, output: error.message }
      engine.logger.error({ err: error, runId: this.id, requestId: claimed.requestId, tool: call.name }, 'tool failed')
      return { failed: true, output: `The tool "${call.name}" failed unexpectedly.` }
    }
  }

  private askWhatHappened(step: string, started: EventData<'tool.started'>): Promise<never> {
    if (this.parts.replay.last(step, ['tool.started', 'decision.requested'])?.type === 'tool.started') {
      const question = `The worker died while "${started.name}" ran, so its outcome is unknown: retry, skip or fail?`
      this.append({ type: 'decision.requested', data: { step, question, options: ['retry', 'skip', 'fail'] } })
    }
    return this.park({ step, kind: 'decision', until: null })
  }

  private settleDoubt(step: string, call: ToolCall, { decision, by }: EventData<'decision.made'>): ToolOutcome {
    if (decision === 'fail') {
      throw new RunFailure(
        'tool_unavailable',
        `The outcome of "${call.name}" was unknown, and ${by} chose to fail the run.`,
      )
    }
    return this.noteRefusal(step, call, `The outcome of this call is unknown, and ${by} chose to go on without it.`)
  }

  private async delegateByTool(call: ToolCall): Promise<ToolOutcome> {
    const step = this.takeStep('child')
    const refused = this.parts.replay.find(step, 'tool.finished')
    if (refused) return toOutcome(refused)
    try {
      const tool = this.parts.engine.tools.get(call.name)
      // The one engine tool is `delegate`, whose input schema is this shape.
      const task = (tool ? parseToolInput(tool, call.input) : call.input) as Task
      const { error, ...outcome } = await this.runChild(step, task, call.id)
      return outcome.status === 'succeeded'
        ? { failed: false, output: outcome }
        : { failed: true, output: `"${task.agent}" ${outcome.status}: ${error?.message ?? 'no reason given'}` }
    } catch (error) {
      if (!(error instanceof ToolError) && !(error instanceof RunFailure && error.code === 'child_failed')) throw error
      return this.noteRefusal(step, call, error.message)
    }
  }

  /** A call that was refused stays refused, whatever a later execution would find. */
  private noteRefusal(step: string, call: ToolCall, error: string): ToolOutcome {
    this.append({ type: 'tool.finished', data: { step, toolCallId: call.id, name: call.name, latencyMs: 0, error } })
    return { failed: true, output: error }
  }

  delegate(task: Task): Promise<ChildOutcome> {
    return this.runChild(this.takeStep('child'), task, null)
  }

  private async runChild(step: string, task: Task, toolCallId: string | null): Promise<ChildOutcome> {
    const { replay } = this.parts
    const finished = replay.find(step, 'child.finished')
    if (finished) return finished
    const runId =
      replay.find(step, 'child.started')?.runId ?? (await this.effect(() => this.startChild(step, task, toolCallId)))
    const { claimed } = this.parts
    const child = await this.effect(() =>
      this.read((database) => readChildRun(database, claimed.lease.tenantId, runId)),
    )
    if (child?.status === 'succeeded' || child?.status === 'failed' || child?.status === 'cancelled') {
      const outcome = { runId, status: child.status, output: child.output, error: child.error }
      this.append({ type: 'child.finished', data: { step, toolCallId, ...outcome } })
      return outcome
    }
    return this.park({ step, kind: 'child', until: null, runId })
  }

  private async startChild(step: string, task: Task, toolCallId: string | null): Promise<string> {
    const { claimed, engine } = this.parts
    const child = { id: uuidv7(), step, ...task, deadlineMs: Math.max(1, claimed.deadlineInMs) }
    const started = await this.read((database) => startChildRun(database, claimed, child))
    if (!('runId' in started)) throw new RunFailure('child_failed', childRefusals[started.outcome](task.agent, claimed))
    this.append({ type: 'child.started', data: { step, toolCallId, runId: started.runId, ...task } })
    engine.bus.publish({ kind: 'work' })
    return started.runId
  }

  async sleep(durationMs: number): Promise<void> {
    const step = this.takeStep('timer')
    const known = this.parts.replay.find(step, 'timer.set')
    const until = known?.until ?? new Date(Date.now() + durationMs).toISOString()
    if (!known) this.append({ type: 'timer.set', data: { step, until } })
    if (Date.parse(until) > Date.now()) await this.park({ step, kind: 'timer', until })
  }

  now(): Promise<Date> {
    return this.noted('now', () => new Date().toISOString()).then((text) => new Date(text))
  }

  random(): Promise<number> {
    return this.noted('random', Math.random)
  }

  async step<T>(name: string, work: () => Promise<T> | T): Promise<T> {
    const step = this.takeStep(`step:${name}`)
    const known = this.parts.replay.find(step, 'step.finished')
    // What the program returned from this step before, through JSON.
    if (known) return known.output as T
    const output = throughJson(await this.effect(async () => work()))
    this.append({ type: 'step.finished', data: { step, name, output } })
    return output
  }

  /** A value that is only noted: nothing outside happens, so nothing needs to be settled first. */
  private async noted<T>(name: string, make: () => T): Promise<T> {
    const step = this.takeStep(name, 0)
    const known = this.parts.replay.find(step, 'step.finished')
    if (known) return known.output as T
    const output = make()
    this.append({ type: 'step.finished', data: { step, name, output } })
    return output
  }

  /** The key of the next step of a kind. Counts towards the limit of the agent, unless it costs nothing. */
  private takeStep(kind: string, cost: 0 | 1 = 1): string {
    this.signal.throwIfAborted()
    this.stepsTaken += cost
    if (this.stepsTaken > this.limits.maxSteps) {
      throw new RunFailure(
        'step_limit_reached',
        `The run reached its limit of ${this.limits.maxSteps} steps. Raise limits.maxSteps in a new version of the agent, or give it a smaller task.`,
      )
    }
    const number = (this.counters.get(kind) ?? 0) + 1
    this.counters.set(kind, number)
    return `${kind}:${number}`
  }

  private append(event: NewRunEvent): void {
    // What comes back after an interruption belongs to nobody: another worker may be at it already.
    if (!this.signal.aborted) this.parts.writer.append(event)
  }

  private async effect<T>(work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    this.underWay += 1
    try {
      await this.parts.writer.settled()
      // The same answer of the journal may have said that the run is cancelled.
      this.signal.throwIfAborted()
      return await work()
    } finally {
      this.underWay -= 1
      if (this.waits.size > 0) void this.suspendWhenIdle()
    }
  }

  /** Asks the database, for as long as the lease allows while it is away. */
  private read<T>(query: (database: Database) => Promise<T>): Promise<T> {
    const { engine } = this.parts
    return persist(engine, () => query(engine.database))
  }

  private park(wait: Wait): Promise<never> {
    this.waits.set(wait.step, wait)
    void this.suspendWhenIdle()
    return new Promise(() => {})
  }

  private async suspendWhenIdle(): Promise<void> {
    // Two turns let a program that just got an answer take its next step.
    await nextTurn()
    await nextTurn()
    if (this.underWay === 0 && this.waits.size > 0 && !this.signal.aborted)
      this.parts.onParked([...this.waits.values()])
  }

  private assertSame<T extends { name: string }>(step: string, known: T, call: ToolCall): T {
    if (known.name === call.name) return known
    throw new RunFailure(
      'program_changed',
      `Step ${step} called "${known.name}" before and calls "${call.name}" now. A program must take the same steps each time; start a new run.`,
    )
  }
}

const childRefusals = {
  agent_not_found: (agent: string) => `There is no agent named "${agent}".`,
  not_released: (agent: string, run: ClaimedRun) => `No version of "${agent}" is released to ${run.environment}.`,
  too_deep: (agent: string) => `"${agent}" was not asked, because delegations are nested too deep already.`,
}

function toOutcome(finished: Pick<EventData<'tool.finished'>, 'output' | 'error'>): ToolOutcome {
  return finished.error === undefined
    ? { failed: false, output: finished.output ?? null }
    : { failed: true, output: finished.error }
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
