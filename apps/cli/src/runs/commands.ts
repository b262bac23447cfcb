import { type Command, InvalidArgumentError } from 'commander'
import type { Perform } from '../context.ts'
import { wrongUsage } from '../failure.ts'

interface StartOptions {
  thread?: string
  environment?: string
  deadline?: number
  priority?: string
  user?: string
  metadata: Record<string, string>
  quiet?: boolean
  untilAsked?: boolean
}

interface ListOptions {
  agent?: string
  status?: string
  from?: string
  to?: string
  user?: string
  system?: boolean
  dead?: boolean
  limit: number
}

interface RedriveOptions {
  dead?: boolean
  agent?: string
  code?: string
  from?: string
  to?: string
  limit: number
}

export function addRunCommands(program: Command, perform: Perform): void {
  addRun(program, perform)
  const runs = program.command('runs').description('look at runs and steer them')
  addReading(runs, perform)
  addSteering(runs, perform)
}

function addRun(program: Command, perform: Perform): void {
  program
    .command('run')
    .description('start a run and watch it; Ctrl-C cancels it, a second one leaves')
    .argument('<agent>', 'name of the agent')
    .argument('<message...>', 'what to ask; "-" reads it from the standard input')
    .option('--thread <id>', 'go on in this conversation, or begin one with this id')
    .option('--environment <name>', 'development, staging or production')
    .option('--try <version>', 'this version, in development, whether it is released or not', readCount)
    .option('--deadline <seconds>', 'end the run as failed after this time', readSeconds)
    .option('--priority <level>', 'low, normal or high: within the tenant, higher ones start first')
    .option('--user <name>', 'the person it is for; budgets can limit each')
    .option('--metadata <key=value>', 'note this with the run (repeatable)', readEntry, {})
    .option('-q, --quiet', 'print the answer only')
    .option('--until-asked', 'leave once it waits for a person; it waits on, and "runs watch" shows the rest')
    .action(async (agent: string, words: string[], options: StartOptions, command: Command) => {
      await perform(command, async (context) => {
        const { startRun } = await import('./start-run.ts')
        return startRun(context, { agent, words, ...options })
      })
    })
}

function addReading(runs: Command, perform: Perform): void {
  runs
    .command('list')
    .description('list runs, newest first')
    .option('--agent <name>', 'of this agent only')
    .option('--status <status>', 'queued, running, waiting, succeeded, failed or cancelled; several with commas')
    .option('--from <time>', 'accepted from then on, such as 2026-01-31T00:00:00Z')
    .option('--to <time>', 'accepted before then')
    .option('--user <name>', 'for this person only')
    .option('--system', "the platform's own, such as deliveries of webhooks")
    .option('--dead', 'that failed by using up their attempts')
    .option('--limit <count>', 'how many at the most', readCount, 20)
    .action(async (options: ListOptions, command: Command) => {
      await perform(command, async (context) => (await import('./list-runs.ts')).listRuns(context, options))
    })
  runs
    .command('show')
    .description('show a run with its steps')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./show-run.ts')).showRun(context, id))
    })
  runs
    .command('watch')
    .description('watch a run from its beginning, live until it ends')
    .argument('<id>')
    .option('--after <number>', 'begin after this event', readNumber, 0)
    .action(async (id: string, { after }: { after: number }, command: Command) => {
      await perform(command, async (context) => (await import('./watch-run.ts')).watchRun(context, id, after))
    })
}

function addSteering(runs: Command, perform: Perform): void {
  runs
    .command('cancel')
    .description('cancel a run')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./control-run.ts')).cancelRun(context, id))
    })
  runs
    .command('redrive')
    .description('queue a failed run again, or dead ones; their finished steps are kept')
    .argument('[id]')
    .option('--dead', 'the dead runs that match, the oldest first')
    .option('--agent <name>', 'with --dead: of this agent only')
    .option('--code <code>', 'with --dead: that failed for this reason, such as worker_lost')
    .option('--from <time>', 'with --dead: that failed at this time or later (ISO 8601)')
    .option('--to <time>', 'with --dead: that failed before this time (ISO 8601)')
    .option('--limit <count>', 'with --dead: how many at the most', readCount, 100)
    .action(async (id: string | undefined, { dead, ...filter }: RedriveOptions, command: Command) => {
      await perform(command, async (context) => {
        const { redriveRun, redriveRuns } = await import('./control-run.ts')
        if (dead && id === undefined) return redriveRuns(context, filter)
        if (id !== undefined && !dead) return redriveRun(context, id)
        throw wrongUsage('Give the id of a run, or --dead for the dead ones.')
      })
    })
  runs
    .command('decide')
    .description('say what to do with a tool call whose outcome is unknown')
    .argument('<id>')
    .argument('<step>', 'such as tool:2')
    .argument('<decision>', 'retry, skip or fail')
    .action(async (id: string, step: string, decision: string, _: unknown, command: Command) => {
      await perform(command, async (context) =>
        (await import('./control-run.ts')).decideRun(context, id, step, decision),
      )
    })
}

export function readCount(text: string): number {
  const count = readNumber(text)
  if (count < 1) throw new InvalidArgumentError('Give a whole number above 0.')
  return count
}

function readNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}

function readSeconds(text: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds > 0)) throw new InvalidArgumentError('Give a number of seconds.')
  return seconds
}

export function readEntry(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Give it as key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
