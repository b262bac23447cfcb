import { z } from 'zod'
import type { GuardedFetch } from '../egress/guarded-fetch.ts'

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
}

/** One descriptor per tool; models, MCP and A2A are all told of a tool from it. */
export interface Tool {
  name: string
  description: string
  input: z.ZodType
  output: z.ZodType
  risk: 'low' | 'medium' | 'high'
  /** Whether a call whose outcome is in doubt may be made again with the same idempotency key. */
  idempotent: boolean
  handler: (input: never, context: ToolContext) => Promise<unknown>
}

interface ToolDefinition<I extends z.ZodType, O extends z.ZodType> extends Omit<Tool, 'input' | 'output' | 'handler'> {
  input: I
  output: O
  /** Throws `ToolError` with a message that the model can act on. */
  handler: (input: z.output<I>, context: ToolContext) => Promise<z.input<O>>
}

export function defineTool<I extends z.ZodType, O extends z.ZodType>(definition: ToolDefinition<I, O>): Tool {
  return definition
}

/** A failure that the model is told of, in words that help it go on. */
export class ToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ToolError'
  }
}

/** Parses `input`, runs the handler and parses what it returned. */
export async function callTool(tool: Tool, input: unknown, context: ToolContext): Promise<unknown> {
  const parsed = tool.input.safeParse(input)
  if (!parsed.success) throw new ToolError(`The arguments do not fit: ${z.prettifyError(parsed.error)}`)
  // `defineTool` tied the handler's input to this schema, so what it parsed is what the handler takes.
  const output = await tool.handler(parsed.data as never, context)
  return tool.output.parse(output)
}
