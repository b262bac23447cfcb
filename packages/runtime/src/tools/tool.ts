import { z } from 'zod'
import { EgressError, type GuardedFetch } from '../egress/index.ts'

/** What a tool may use while it runs. */
export interface ToolContext {
  tenantId: string
  runId: string
  step: string
  /** The same on every attempt of this call: `<run>:<step>`. */
  idempotencyKey: string
  /** Aborts when the run is cancelled, at its deadline, and at the tool's time limit. */
  signal: AbortSignal
  /** HTTP through the egress guard, with the tenant's allow-list applied. */
  fetch: GuardedFetch
  /**
   * HTTP with the credential of one of the tenant's connections, for its origin only. The value shows in no answer. Throws
   * `ToolError` when there is no such connection.
   */
  openConnection: (name: string) => Promise<GuardedFetch>
}

/** What models, MCP and A2A are told of a tool, whoever does its work. */
interface ToolDescriptor {
  name: string
  description: string
  input: z.ZodType
  output: z.ZodType
  risk: 'low' | 'medium' | 'high'
  /** Whether a call whose outcome is in doubt may be made again with the same idempotency key. */
  idempotent: boolean
}

/** A tool that does its own work, in one call. */
export interface HandlerTool extends ToolDescriptor {
  kind: 'handler'
  handler: (input: never, context: ToolContext) => Promise<unknown>
}

/** A tool whose work is a step of the run itself, since the run may wait for it for days. The engine does it. */
export interface EngineTool extends ToolDescriptor {
  kind: 'engine'
  step: 'delegate'
}

/** One descriptor per tool. */
export type Tool = HandlerTool | EngineTool

interface HandlerToolDefinition<I extends z.ZodType, O extends z.ZodType> extends ToolDescriptor {
  input: I
  output: O
  /** Throws `ToolError` with a message that the model can act on. */
  handler: (input: z.output<I>, context: ToolContext) => Promise<z.input<O>>
}

export function defineTool<I extends z.ZodType, O extends z.ZodType>(
  definition: HandlerToolDefinition<I, O>,
): HandlerTool {
  return { kind: 'handler', ...definition }
}

/** A failure that the model is told of, in words that help it go on. */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ToolError'
  }
}

/** Parses a model's arguments for `tool`. Throws `ToolError`. */
export function parseToolInput(tool: Tool, input: unknown): unknown {
  const parsed = tool.input.safeParse(input)
  if (!parsed.success) throw new ToolError(`The arguments do not fit: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** Parses `input`, runs the handler and parses what it returned. */
export async function callTool(tool: HandlerTool, input: unknown, context: ToolContext): Promise<unknown> {
  // `defineTool` tied the handler's input to this schema, so what it parsed is what the handler takes.
  const parsed = parseToolInput(tool, input) as never
  try {
    return tool.output.parse(await tool.handler(parsed, context))
  } catch (error) {
    // The guard's messages are written for the model too.
    throw error instanceof EgressError ? new ToolError(error.message, { cause: error }) : error
  }
}
