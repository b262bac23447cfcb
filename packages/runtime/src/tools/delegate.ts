import { z } from 'zod'
import type { EngineTool } from './tool.ts'

/** The child run has its own approvals, so delegating is no risk by itself; its step key makes it start once. */
export const delegate: EngineTool = {
  kind: 'engine',
  step: 'delegate',
  name: 'delegate',
  description:
    'Gives a task to another agent and waits for its result. The agent sees the message, not this conversation.',
  input: z.strictObject({
    agent: z.string().min(1).describe('The name of the agent'),
    message: z.string().min(1).describe('The task, with all that the agent needs to know'),
  }),
  output: z.object({
    runId: z.string(),
    status: z.enum(['succeeded', 'failed', 'cancelled']),
    output: z.unknown(),
  }),
  risk: 'low',
  idempotent: true,
}
