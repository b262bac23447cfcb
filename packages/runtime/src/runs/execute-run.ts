import { FreeholdError, type NewRunEvent, type RunError, type RunEvent } from '@freehold/contracts'
import {
  type Append,
  type ClaimedRun,
  finishRun,
  LeaseLostError,
  readJournal,
  releaseRun,
  suspendRun,
  type Wait,
} from '@freehold/core'
import type { AppendQueue } from './append-queue.ts'
import { toStored } from './conversation.ts'
import type { Engine } from './engine.ts'
import { announce, JournalWriter, persist } from './journal-writer.ts'
import { type Interruption, RunFailure, RunInterrupted } from './outcomes.ts'
import type { ProgramRun } from './program.ts'
import { Replay, throughJson } from './replay.ts'
import { Steps } from './steps.ts'

const journalPageSize = 1_000

type Ending =
  | { kind: 'succeeded'; output: unknown }
  | { kind: 'failed'; error: RunError }
  | { kind: 'parked'; waits: Wait[] }
  | Interruption

/** A run that this worker executes. */
export interface RunExecution {
  readonly claimed: ClaimedRun
  /** Resolves when the worker is done with the run, however that came. Never rejects. */
  readonly done: Promise<{ waits: Wait[] }>
  interrupt(interruption: Interruption): void
}

/** Executes a claimed run until it ends, must wait, or is interrupted, and writes down which. */
export function executeRun(engine: Engine, queue: AppendQueue, claimed: ClaimedRun): RunExecution {
  const abort = new AbortController()
  const interrupt = (interruption: Interruption) => abort.abort(new RunInterrupted(interruption))
  const deadline = setTimeout(() => interrupt({ kind: 'deadline' }), Math.max(0, claimed.deadlineInMs))
  const done = run(engine, queue, claimed, abort.signal, interrupt)
    .catch((error) => {
      const level = error instanceof LeaseLostError ? 'warn' : 'error'
      engine.logger[level]({ err: error, ...logFields(claimed) }, 'run given up; another claim will resume it')
      return { waits: [] }
    })
    .finally(() => clearTimeout(deadline))
  return { claimed, done, interrupt }
}

async function run(
  engine: Engine,
  queue: AppendQueue,
  claimed: ClaimedRun,
  signal: AbortSignal,
  interrupt: (interruption: Interruption) => void,
): Promise<{ waits: Wait[] }> {
  const writer = new JournalWriter(engine, queue, claimed.lease, claimed.lastSeq, {
    onCancelRequested: (by) => interrupt({ kind: 'cancelled', by }),
    onFailure: (error) => {
      if (!(error instanceof LeaseLostError)) engine.logger.error({ err: error, ...logFields(claimed) }, 'journal lost')
      interrupt({ kind: 'lease_lost' })
    },
  })
  const parked = Promise.withResolvers<Wait[]>()
  const replay = await loadReplay(engine, claimed)
  const steps = new Steps({ engine, claimed, replay, writer, signal, onParked: parked.resolve })
  if (claimed.deadlineInMs <= 0) interrupt({ kind: 'deadline' })
  if (claimed.cancelRequestedBy !== null) interrupt({ kind: 'cancelled', by: claimed.cancelRequestedBy })
  const ending = await Promise.race([
    interrupted(signal),
    runProgram(engine, claimed, steps),
    parked.promise.then((waits): Ending => ({ kind: 'parked', waits })),
  ])
  if (ending.kind === 'lease_lost') throw new LeaseLostError(claimed.lease.runId)
  // Whatever the program still does from here on is refused by the aborted signal.
  interrupt({ kind: 'lease_lost' })
  const rest = await writer.close()
  await writeEnding(engine, claimed, ending, rest, steps)
  return { waits: ending.kind === 'parked' ? ending.waits : [] }
}

/** A run that nobody worked on before has nothing to replay: its journal holds its creation and its claim. */
async function loadReplay(engine: Engine, claimed: ClaimedRun): Promise<Replay> {
  const events: RunEvent[] = []
  while (claimed.lastSeq > 2) {
    const after = events.at(-1)?.seq ?? 0
    const page: RunEvent[] = await persist(engine, () =>
      readJournal(engine.database, claimed.lease, after, journalPageSize),
    )
    events.push(...page)
    if (page.length < journalPageSize) break
  }
  return new Replay(events)
}

function interrupted(signal: AbortSignal): Promise<Ending> {
  return new Promise((resolve) => {
    const settle = () => resolve((signal.reason as RunInterrupted).interruption)
    if (signal.aborted) settle()
    else signal.addEventListener('abort', settle, { once: true })
  })
}

async function runProgram(engine: Engine, claimed: ClaimedRun, steps: ProgramRun): Promise<Ending> {
  try {
    const program = engine.programs.get(claimed.program)
    if (!program) {
      throw new RunFailure(
        'program_unknown',
        `This worker has no program "${claimed.program}". Upgrade it, then redrive.`,
      )
    }
    return { kind: 'succeeded', output: throughJson(await program.execute(steps)) }
  } catch (error) {
    // What a program makes of an interruption says nothing about the program.
    if (steps.signal.aborted) return (steps.signal.reason as RunInterrupted).interruption
    const failure = rootFailure(error)
    if (failure instanceof RunFailure)
      return { kind: 'failed', error: { code: failure.code, message: failure.message } }
    if (failure instanceof RunInterrupted) return failure.interruption
    // The database stayed away for longer than the lease: the run goes on when it is back.
    if (failure instanceof FreeholdError) return { kind: 'lease_lost' }
    engine.logger.error({ err: error, ...logFields(claimed) }, 'program failed')
    const message = `The program "${claimed.program}" threw an error. The operator finds it in the log under request ${claimed.requestId}.`
    return { kind: 'failed', error: { code: 'program_failed', message } }
  }
}

/** Frameworks wrap what a node throws; the reason inside is what the owner of the run can act on. */
function rootFailure(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RunFailure || cause instanceof RunInterrupted) return cause
    if (cause instanceof FreeholdError && cause.code === 'unavailable') return cause
  }
  return error
}

async function writeEnding(
  engine: Engine,
  claimed: ClaimedRun,
  ending: Exclude<Ending, { kind: 'lease_lost' }>,
  { after, events }: Append,
  steps: Steps,
): Promise<void> {
  const { database } = engine
  const write = (last: NewRunEvent[], statement: (append: Append) => Promise<void>) => {
    const append = { after, events: [...events, ...last] }
    return persist(engine, () => statement(append)).then(() => announce(engine, claimed.lease.runId, append.events))
  }
  if (ending.kind === 'shutdown') return write([], (append) => releaseRun(database, claimed.lease, append))
  if (ending.kind === 'parked') {
    const waits = ending.waits.map(({ step, kind, until }) => ({ step, kind, until }))
    return write([{ type: 'run.waiting', data: { waits } }], (append) =>
      suspendRun(database, claimed.lease, append, ending.waits),
    )
  }
  const end = describeEnd(ending)
  await write([end.event], (append) =>
    finishRun(database, claimed.lease, {
      ...append,
      ...end,
      messages: end.status === 'succeeded' ? steps.remembered.map(toStored) : [],
      hasParent: claimed.parentRunId !== null,
    }),
  )
  engine.logger.info({ ...logFields(claimed), status: end.status, error: end.error ?? undefined }, 'run ended')
  if (claimed.parentRunId !== null) engine.bus.publish({ kind: 'work' })
}

interface End {
  event: NewRunEvent
  status: 'succeeded' | 'failed' | 'cancelled'
  output: unknown
  error: RunError | null
}

function describeEnd(ending: Extract<Ending, { kind: 'succeeded' | 'failed' | 'cancelled' | 'deadline' }>): End {
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
      return failed(ending.error)
  }
}

function failed(error: RunError): End {
  return { event: { type: 'run.failed', data: { error } }, status: 'failed', output: null, error }
}

function logFields(claimed: ClaimedRun) {
  return {
    runId: claimed.lease.runId,
    tenantId: claimed.lease.tenantId,
    requestId: claimed.requestId,
    attempt: claimed.attempt,
  }
}
