import type { NewRunEvent, RunError } from '@freehold/contracts'
import {
  type Append,
  type ClaimedRun,
  failAttempt,
  finishRun,
  isDataError,
  releaseRun,
  suspendRun,
} from '@freehold/core'
import type { Settled } from './attempts.ts'
import { toStored } from './conversation.ts'
import { type Engine, logFields } from './engine.ts'
import { EventRefusedError, type JournalWriter, persist } from './journal-writer.ts'
import type { Interruption } from './outcomes.ts'

/** Writes down how an execution ended. A run whose journal or ending the database refuses ends as failed instead. */
export async function concludeRun(
  engine: Engine,
  claimed: ClaimedRun,
  ending: Settled,
  writer: JournalWriter,
): Promise<void> {
  try {
    const rest = await writer.close()
    await writeEnding(engine, claimed, ending, writer, rest).catch(async (error) => {
      // Finds out whether one of these events is to blame.
      if (isDataError(error)) await writer.commitUntilRefused(rest.events)
      throw error
    })
  } catch (error) {
    if (!isRefusal(error)) throw error
    engine.logger.error({ err: error, ...logFields(claimed) }, 'the database refused a value of this run')
    await writeEnding(engine, claimed, describeRefusal(claimed, error), writer, { after: writer.lastSeq, events: [] })
  }
}

/** Whether the database refused a value, as it would do each time. */
export function isRefusal(error: unknown): boolean {
  return error instanceof EventRefusedError || isDataError(error)
}

/** The end of a run that the database refused a value of. It would do so each time. */
export function describeRefusal(claimed: ClaimedRun, error: unknown): Extract<Interruption, { kind: 'failed' }> {
  const what =
    error instanceof EventRefusedError
      ? `An event of step ${error.step} could not be stored.`
      : 'The database refused a value of this run.'
  const message = `${what} The operator finds the reason in the log under request ${claimed.requestId}.`
  return { kind: 'failed', error: { code: 'program_failed', message }, retryable: false }
}

async function writeEnding(
  engine: Engine,
  claimed: ClaimedRun,
  ending: Settled,
  writer: JournalWriter,
  { after, events }: Append,
): Promise<void> {
  const { database } = engine
  const write = (last: NewRunEvent[], statement: (append: Append) => Promise<void>) => {
    const append = { after, events: [...events, ...last] }
    return persist(engine, () => statement(append)).then(() => writer.noteCommitted(append.events))
  }
  if (ending.kind === 'shutdown') return write([], (append) => releaseRun(database, claimed.lease, append))
  if (ending.kind === 'parked') {
    const waits = ending.waits.map(({ runId: _, ...wait }) => wait)
    return write([{ type: 'run.waiting', data: { waits } }], (append) =>
      suspendRun(database, claimed.lease, append, ending.waits),
    )
  }
  const hasParent = claimed.parentRunId !== null
  if (ending.kind === 'retry') {
    const { error } = ending
    const retryAt = new Date(ending.retryAtMs)
    const data = { attempt: claimed.attempt, error, retryAt: retryAt.toISOString() }
    engine.logger.warn({ ...logFields(claimed), ...data }, 'attempt failed')
    return write([{ type: 'attempt.failed', data }], (append) =>
      failAttempt(database, claimed.lease, { ...append, error, retryAt, hasParent }),
    )
  }
  const end = describeEnd(ending)
  await write([end.event], (append) =>
    ending.kind === 'dead'
      ? failAttempt(database, claimed.lease, { ...append, error: ending.error, retryAt: null, hasParent })
      : finishRun(database, claimed.lease, {
          ...append,
          ...end,
          messages: ending.kind === 'succeeded' ? ending.messages.map(toStored) : [],
          hasParent,
        }),
  )
  engine.logger.info({ ...logFields(claimed), status: end.status, error: end.error ?? undefined }, 'run ended')
  if (hasParent) engine.bus.publish({ kind: 'work' })
}

interface End {
  event: NewRunEvent
  status: 'succeeded' | 'failed' | 'cancelled'
  output: unknown
  error: RunError | null
}

function describeEnd(
  ending: Extract<Settled, { kind: 'succeeded' | 'failed' | 'dead' | 'cancelled' | 'deadline' }>,
): End {
  switch (ending.kind) {
    case 'succeeded': {
      const output = ending.output ?? null
      return { event: { type: 'run.succeeded', data: { output } }, status: 'succeeded', output, error: null }
    }
    case 'cancelled':
      return {
        event: { type: 'run.cancelled', data: { by: ending.by } },
        status: 'cancelled',
        output: null,
        error: null,
      }
    case 'deadline': {
      const message = 'The run did not end before its deadline. Give it more time with deadlineMs, or a smaller task.'
      return failed({ code: 'deadline_exceeded', message })
    }
    case 'failed':
    case 'dead':
      return failed(ending.error)
  }
}

function failed(error: RunError): End {
  return { event: { type: 'run.failed', data: { error } }, status: 'failed', output: null, error }
}
