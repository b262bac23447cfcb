import { type Client, startRunSchema } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import type { Context } from '../context.ts'
import { describeError, type ExitCode, parseInput, wrongUsage } from '../failure.ts'
import { followRun } from './follow-run.ts'

interface StartRequest {
  agent: string
  words: string[]
  thread?: string
  environment?: string
  /** A version, in development. */
  try?: number
  /** In seconds. */
  deadline?: number
  priority?: string
  user?: string
  metadata: Record<string, string>
  quiet?: boolean
  untilAsked?: boolean
}

/** Starts a run and shows it until it ends, or only until it waits for a person. */
export async function startRun(context: Context, request: StartRequest): Promise<ExitCode> {
  const body = parseInput(startRunSchema, {
    message: await readMessage(context, request.words),
    threadId: request.thread,
    environment: request.environment ?? (request.try === undefined ? undefined : 'development'),
    version: request.try,
    deadlineMs: request.deadline === undefined ? undefined : Math.ceil(request.deadline * 1000),
    priority: request.priority,
    user: request.user,
    metadata: request.metadata,
  })
  const client = await connectTenant(context)
  const interruption = createInterruption(context, client)
  const stopListening = context.onInterrupt(interruption.press)
  try {
    const run = await client.startRun({ params: { name: request.agent }, body })
    interruption.runStarted(run.id)
    const { quiet = false, untilAsked = false } = request
    return await followRun(context, client, run, { quiet, untilAsked, signal: interruption.leaving })
  } finally {
    stopListening()
  }
}

async function readMessage(context: Context, words: string[]): Promise<string> {
  if (words.length !== 1 || words[0] !== '-') return words.join(' ')
  const message = (await context.terminal.readInput()).replace(/\r?\n$/, '')
  if (message === '') throw wrongUsage('The standard input is empty: pipe the message in, or give it as an argument.')
  return message
}

/** The first Ctrl-C asks the server to cancel the run, as soon as there is one; the second leaves. */
function createInterruption(context: Context, client: Client) {
  const leaving = new AbortController()
  const { terminal } = context
  let runId: string | undefined
  let pressed = false

  const cancel = async (id: string): Promise<void> => {
    try {
      await client.cancelRun({ params: { id } })
    } catch (error) {
      terminal.note(`${terminal.paint.red('✗')} not cancelled: ${describeError(error, context.refused.requestId)}`)
    }
  }
  return {
    leaving: leaving.signal,
    press() {
      if (pressed) {
        leaving.abort()
        return
      }
      pressed = true
      terminal.note('\nCancelling the run; press Ctrl-C again to leave.')
      if (runId !== undefined) void cancel(runId)
    },
    runStarted(id: string) {
      runId = id
      if (pressed) void cancel(id)
    },
  }
}
