import { type Client, isTerminalStatus, type Run, type RunEvent, type TextDelta } from '@freehold/contracts'
import type { Context } from '../context.ts'
import { type ExitCode, exitCodes } from '../failure.ts'
import { printable } from '../terminal/format.ts'
import { createRunView, type RunView } from './run-view.ts'

const journalPageSize = 1000

interface FollowOptions {
  after?: number
  /** Print the answer only, once the run has ended. */
  quiet: boolean
  /** Leave when the run waits for a person. */
  untilAsked?: boolean
  /** Aborts when the user leaves. */
  signal: AbortSignal
}

/**
 * Shows a run until it ends or the user leaves, or until it waits for a person where that is asked for. Resolves with the
 * exit code that the ending asks for.
 */
export async function followRun(
  context: Context,
  client: Client,
  run: Run,
  { after = 0, quiet, untilAsked = false, signal }: FollowOptions,
): Promise<ExitCode> {
  const view = chooseView(context, run, quiet)
  // A run that has ended needs no stream: its journal is all there is.
  const events = isTerminalStatus(run.status)
    ? readJournal(client, run.id, after)
    : client.watchRun(run.id, { after, signal })
  try {
    for await (const event of untilAborted(events, signal)) {
      view.show(event)
      if (untilAsked && 'seq' in event && waitsForPerson(event)) return leave(context, run, exitCodes.ok)
    }
  } catch (error) {
    if (!signal.aborted) throw error
    return leave(context, run, exitCodes.interrupted)
  }
  const ended = await client.getRun({ params: { id: run.id } })
  view.end(ended)
  return ended.status === 'succeeded' ? exitCodes.ok : exitCodes.runFailed
}

function waitsForPerson(event: RunEvent): boolean {
  return event.type === 'run.waiting' && event.data.waits.some(({ kind }) => kind === 'approval' || kind === 'decision')
}

function leave(context: Context, { id }: Run, exitCode: ExitCode): ExitCode {
  context.terminal.note(`\nLeft. See how it goes on: ${commandFor(context, `runs watch ${id}`)}`)
  return exitCode
}

/** A command for the user to type, for the same tenant. */
function commandFor({ commandLine, settings }: Context, rest: string): string {
  return `${commandLine} ${rest}${settings.tenant === undefined ? '' : ` --tenant ${settings.tenant}`}`
}

function chooseView(context: Context, run: Run, quiet: boolean): RunView {
  const { terminal, json } = context
  if (json) {
    const show = (value: object) => terminal.write(`${JSON.stringify(value)}\n`)
    return { show, end: show }
  }
  const command = (rest: string) => commandFor(context, rest)
  if (!quiet) return createRunView(terminal, run, command)
  return { show: () => {}, end: (ended) => printAnswer(context, ended) }
}

function printAnswer({ terminal }: Context, run: Run): void {
  if (run.status !== 'succeeded') {
    const reason = run.error ? `: ${printable(run.error.message)} (${run.error.code})` : ''
    terminal.note(`${terminal.paint.red('✗')} ${run.status}${reason}, run ${run.id}`)
    return
  }
  terminal.write(`${printable(typeof run.output === 'string' ? run.output : JSON.stringify(run.output, null, 2))}\n`)
}

async function* readJournal(client: Client, id: string, after: number): AsyncGenerator<RunEvent> {
  for (let cursor = after; ; ) {
    const { items } = await client.listRunEvents({ params: { id }, query: { after: cursor, limit: journalPageSize } })
    // The journal's entries were checked by their types' schemas when they were written.
    yield* items as RunEvent[]
    cursor = items.at(-1)?.seq ?? cursor
    if (items.length < journalPageSize) return
  }
}

/** Stops at once when the signal aborts, even while the source waits to reconnect, and closes the source. */
async function* untilAborted(
  source: AsyncGenerator<RunEvent | TextDelta>,
  signal: AbortSignal,
): AsyncGenerator<RunEvent | TextDelta> {
  const aborted = Promise.withResolvers<never>()
  // Handled by the race; this keeps an abort after it from counting as unhandled.
  aborted.promise.catch(() => undefined)
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted.promise])
      if (next.done) return
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    // Closes the connection where the reader left by itself. Nobody waits for it: an aborted source ends on its own.
    source.return(undefined).catch(() => undefined)
  }
}
