import type { RunEvent } from '@freehold/contracts'
import { type ClaimedRun, LeaseLostError, readJournal, type Wait } from '@freehold/core'
import type { ChatMessage } from '../models/index.ts'
import type { AppendQueue } from './append-queue.ts'
import { type Ending, foregoneEnding, type Settled, settle, timedOut } from './attempts.ts'
import { type Engine, logFields } from './engine.ts'
import { EventRefusedError, JournalWriter, persist } from './journal-writer.ts'
import { type Interruption, RunFailure, RunInterrupted } from './outcomes.ts'
import type { ProgramRun } from './program.ts'
import { createProgramRun } from './program-run.ts'
import { journalable, Replay } from './replay.ts'
import { concludeRun, describeRefusal, isRefusal } from './run-ending.ts'
import { RunMeter } from './run-meter.ts'
import { Steps } from './steps.ts'

const journalPageSize = 1_000

/** A run that this worker executes. */
export interface RunExecution {
  readonly claimed: ClaimedRun
  /** Resolves when the worker is done with the run, however that came. Never rejects. */
  readonly done: Promise<Done>
  interrupt(interruption: Interruption): void
}

interface Done {
  /** Milliseconds until a timer wakes the run; infinite when none does. */
  wakeInMs: number
}

/** Executes a claimed run until it ends, must wait, or is interrupted, and writes down which. */
export function executeRun(engine: Engine, queue: AppendQueue, claimed: ClaimedRun): RunExecution {
  const abort = new AbortController()
  const interrupt = (interruption: Interruption) => abort.abort(new RunInterrupted(interruption))
  const deadline = setTimeout(() => interrupt({ kind: 'deadline' }), Math.max(0, claimed.deadlineInMs))
  const { attemptTimeoutMs } = claimed.limits
  const attemptLimit =
    attemptTimeoutMs === undefined
      ? undefined
      : setTimeout(() => interrupt(timedOut(attemptTimeoutMs)), attemptTimeoutMs)
  const done = run(engine, queue, claimed, abort.signal, interrupt)
    .catch((error) => {
      const level = error instanceof LeaseLostError ? 'warn' : 'error'
      engine.logger[level]({ err: error, ...logFields(claimed) }, 'run given up; another claim will resume it')
      return { wakeInMs: Number.POSITIVE_INFINITY }
    })
    .finally(() => {
      clearTimeout(deadline)
      clearTimeout(attemptLimit)
    })
  return { claimed, done, interrupt }
}

async function run(
  engine: Engine,
  queue: AppendQueue,
  claimed: ClaimedRun,
  signal: AbortSignal,
  interrupt: (interruption: Interruption) => void,
): Promise<Done> {
  const databaseNow = startDatabaseClock(claimed)
  const onFailure = (error: unknown) => {
    // An event that was refused is logged when the run is concluded.
    const logged = error instanceof LeaseLostError || error instanceof EventRefusedError
    if (!logged) engine.logger.error({ err: error, ...logFields(claimed) }, 'the database failed this run')
    interrupt(isRefusal(error) ? describeRefusal(claimed, error) : { kind: 'lease_lost' })
  }
  const meter = new RunMeter(engine, claimed)
  const writer = new JournalWriter(engine, queue, claimed.lease, claimed.lastSeq, {
    onCancelRequested: (by) => interrupt({ kind: 'cancelled', by }),
    onFailure,
    onCommitted: (events) => meter.journaled(events),
  })
  const foregone = foregoneEnding(claimed)
  if (foregone) {
    await concludeRun(engine, claimed, foregone, writer)
    return { wakeInMs: Number.POSITIVE_INFINITY }
  }
  const parked = Promise.withResolvers<Wait[]>()
  const onParked = parked.resolve
  const replay = await loadReplay(engine, claimed)
  const steps = new Steps({ engine, claimed, replay, writer, meter, signal, databaseNow, onParked, onFailure })
  const reached = await Promise.race([
    interrupted(signal),
    runProgram(engine, claimed, steps),
    parked.promise.then((waits): Ending => ({ kind: 'parked', waits })),
  ])
  if (reached.kind === 'failed' && reached.retryable) await Promise.race([steps.drain(), interrupted(signal)])
  // Whatever the program still does from here on is refused by the aborted signal.
  interrupt({ kind: 'lease_lost' })
  // So that the run has ended in the books before it has in the journal.
  await meter.idle()
  try {
    if (reached.kind === 'lease_lost') throw new LeaseLostError(claimed.lease.runId)
    const ending = settle(claimed, reached, databaseNow())
    await concludeRun(engine, claimed, ending, writer)
    if (endsChildren(ending)) tellChildren(engine, steps)
    return { wakeInMs: Math.min(...dueTimes(ending)) - databaseNow() }
  } finally {
    await meter.close()
  }
}

/** Their journals say so already; like this they hear it before they would read that. */
function tellChildren({ bus }: Engine, { children, runId: parent }: Steps): void {
  for (const runId of children) bus.publish({ kind: 'cancel', runId, by: `run:${parent}` })
}

function endsChildren({ kind }: Settled): boolean {
  return kind === 'cancelled' || kind === 'failed' || kind === 'dead' || kind === 'deadline'
}

/** When a timer, or the next attempt, wakes the run: milliseconds since 1970. */
function dueTimes(ending: Settled): number[] {
  if (ending.kind === 'retry') return [ending.retryAtMs]
  if (ending.kind !== 'parked') return []
  return ending.waits.flatMap(({ until }) => (until ? [Date.parse(until)] : []))
}

/** The database's time in milliseconds, on which this worker's own clock has no influence. Late by one answer. */
function startDatabaseClock({ databaseNowMs }: ClaimedRun): () => number {
  const offsetMs = databaseNowMs - performance.now()
  return () => performance.now() + offsetMs
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
    const stop = () => resolve((signal.reason as RunInterrupted).interruption)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}

async function runProgram(engine: Engine, claimed: ClaimedRun, steps: Steps): Promise<Ending> {
  const messages: ChatMessage[] = []
  try {
    const program = engine.programs.get(claimed.program)
    if (!program) {
      throw new RunFailure(
        'program_unknown',
        `This worker has no program "${claimed.program}". Upgrade it, then redrive.`,
        { retryable: true }, // another worker may have it, as in the middle of an upgrade
      )
    }
    const programRun: ProgramRun = createProgramRun(steps, (message) => messages.push(message))
    return {
      kind: 'succeeded',
      output: journalable(await program.execute(programRun), 'What the program returned'),
      messages,
    }
  } catch (error) {
    // What a program makes of an interruption says nothing about the program.
    if (steps.signal.aborted) return (steps.signal.reason as RunInterrupted).interruption
    const failure = rootFailure(error)
    if (failure instanceof RunFailure) {
      const { retryable, retryAfterMs } = failure
      return { kind: 'failed', error: failure.toRunError(), retryable, retryAfterMs }
    }
    if (failure instanceof RunInterrupted) return failure.interruption
    engine.logger.error({ err: error, ...logFields(claimed) }, 'program failed')
    const message = `The program "${claimed.program}" threw an error. The operator finds it in the log under request ${claimed.requestId}.`
    return { kind: 'failed', error: { code: 'program_failed', message }, retryable: true }
  }
}

/** Frameworks wrap what a node throws; the reason inside is what the owner of the run can act on. */
function rootFailure(error: unknown): unknown {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof RunFailure || cause instanceof RunInterrupted) return cause
  }
  return error
}
