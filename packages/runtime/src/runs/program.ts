import type { AgentLimits, ApprovalTerms, RunError, ToolCall } from '@freehold/contracts'
import type { BoundFlags } from '@freehold/core'
import type { ChatMessage, ModelReply, ToolOffer } from '../models/index.ts'

/** What a feature flag can say. */
export type FlagValue = Parameters<ReturnType<BoundFlags['client']>['getObjectDetails']>[1]

/** What a model is asked. The agent's own prompt and tools when they are absent here. */
export interface ModelQuestion {
  messages: readonly ChatMessage[]
  system?: string
  tools?: readonly ToolOffer[]
}

/** What a tool call came to. A failed one carries its reason as `output`, in words for the model. */
export interface ToolOutcome {
  output: unknown
  failed: boolean
}

export interface ChildOutcome {
  runId: string
  status: 'succeeded' | 'failed' | 'cancelled'
  output: unknown
  error: RunError | null
}

/** What a program asks people. `details` is what they see, agree to and may edit; it must be JSON. */
export interface ApprovalQuestion extends ApprovalTerms {
  title: string
  details?: unknown
}

export interface ApprovalOutcome {
  approved: boolean
  /** Who decided, such as `api_key:<id>`; `expiry` when nobody did in time. */
  by: string[]
  comment: string | null
  /** What was decided on: the details asked about, or what an approver made of them. */
  details: unknown
}

/**
 * A run as its program sees it. Its methods are steps: journaled under a key that the order of the calls determines,
 * so that a program which is called again from the top gets back what each step returned before. Between steps a
 * program must be deterministic; time, chance and everything outside belong into a step.
 *
 * A run whose branches all wait (for a timer, a child run, a decision or an approval) is suspended, and called again when one of the
 * waits is over. A branch that awaits something else meanwhile, such as a promise of its own or a bare `fetch`, is not
 * waited for: it may be cut off there, and goes on at the next wake-up. Inside a step it is waited for.
 */
export interface ProgramRun {
  readonly id: string
  readonly tenantId: string
  readonly agent: string
  readonly message: string
  readonly metadata: Readonly<Record<string, string>>
  readonly systemPrompt: string
  /** The tools of the agent, as a model is told of them. */
  readonly tools: readonly ToolOffer[]
  readonly limits: AgentLimits
  /** Aborts when the run is cancelled, at its deadline, and when another worker takes over. */
  readonly signal: AbortSignal
  /** The conversation so far, this run's message included. */
  conversation(): Promise<ChatMessage[]>
  model(question: ModelQuestion): Promise<ModelReply>
  tool(call: ToolCall): Promise<ToolOutcome>
  /** Runs another agent of the tenant and waits for its end. */
  delegate(task: { agent: string; message: string }): Promise<ChildOutcome>
  /** Asks people, and waits for their answer. */
  approve(question: ApprovalQuestion): Promise<ApprovalOutcome>
  sleep(durationMs: number): Promise<void>
  now(): Promise<Date>
  random(): Promise<number>
  /** What a feature flag says to the thread of the run, by the type of the fallback; that itself where there is none. */
  flag(name: string, fallback: boolean): Promise<boolean>
  flag(name: string, fallback: string): Promise<string>
  flag(name: string, fallback: number): Promise<number>
  flag<T extends FlagValue>(name: string, fallback: T): Promise<T>
  /** Any other work. It must be safe to repeat: a worker that dies before the journal has it does it again. */
  step<T>(name: string, work: () => Promise<T> | T): Promise<T>
  /** Adds to what the conversation gains when the run succeeds. */
  remember(message: ChatMessage): void
}

export interface Program {
  name: string
  execute: (run: ProgramRun) => Promise<unknown>
}

/** Makes an async function an agent; the journal makes it durable. */
export function defineProgram(name: string, execute: Program['execute']): Program {
  return { name, execute }
}
