import { type Client, createScheduleSchema, type Schedule } from '@freehold/contracts'
import { connectTenant } from '../connection/connect.ts'
import { collectPages } from '../connection/pages.ts'
import type { Context } from '../context.ts'
import { parseInput, wrongUsage } from '../failure.ts'
import { formatTime, oneLine, printable, readExpiry } from '../terminal/format.ts'
import { type Column, renderFields, renderTable } from '../terminal/table.ts'
import { printJson } from '../terminal/terminal.ts'

export interface ScheduleOptions {
  cron?: string
  at?: string
  timeZone?: string
  overlap?: string
  catchUp?: string
  environment?: string
  user?: string
  priority?: string
  metadata: Record<string, string>
}

const scheduleColumns: Column<Schedule>[] = [
  { title: 'SCHEDULE', value: ({ id }) => id },
  { title: 'STATUS', value: ({ status, lastProblem }) => (lastProblem === null ? status : `${status} !`) },
  { title: 'NEXT', value: ({ nextTimes: [next] }) => (next === undefined ? '–' : formatTime(next)) },
  { title: 'TIMES', value: (schedule) => describeTimes(schedule) },
  { title: 'AGENT', value: ({ agent }) => agent },
  { title: 'NAME', flexible: true, value: ({ name }) => oneLine(name) },
]

function describeTimes({ cron, at, timeZone }: Schedule): string {
  return cron === null ? `once, ${at === null ? '' : formatTime(at)}` : oneLine(`${cron} ${timeZone}`)
}

export async function listSchedules(context: Context): Promise<undefined> {
  const client = await connectTenant(context)
  const schedules = await collectPages((query) => client.listSchedules({ query }))
  const { terminal } = context
  if (context.json) printJson(terminal, schedules)
  else if (schedules.length > 0) {
    terminal.write(renderTable(scheduleColumns, schedules, terminal.columns, terminal.paint))
  } else {
    const example = `${context.commandLine} schedules create <name> <agent> <message> --cron "0 9 * * *"`
    terminal.write(`No schedules. Create one: ${example}\n`)
  }
}

export async function createSchedule(
  context: Context,
  name: string,
  agent: string,
  words: string[],
  { at, ...options }: ScheduleOptions,
): Promise<undefined> {
  if ((options.cron === undefined) === (at === undefined)) throw wrongUsage('Give either --cron or --at.')
  const body = parseInput(createScheduleSchema, {
    name,
    agent,
    message: words.join(' '),
    at: at === undefined ? undefined : readTime(at),
    ...options,
  })
  const client = await connectTenant(context)
  printSchedule(context, await client.createSchedule({ body }))
}

function readTime(text: string): string {
  const at = readExpiry(text, Date.now())
  if (at !== undefined) return at
  throw wrongUsage(`--at: "${text}" is no time. Give it like 90m, 12h, 30d or 2027-01-31T09:00:00Z.`)
}

export const showSchedule = changing((client, id) => client.getSchedule({ params: { id } }))
export const pauseSchedule = changing((client, id) =>
  client.updateSchedule({ params: { id }, body: { status: 'paused' } }),
)
export const resumeSchedule = changing((client, id) =>
  client.updateSchedule({ params: { id }, body: { status: 'active' } }),
)
export const deleteSchedule = changing((client, id) => client.deleteSchedule({ params: { id } }))

/** A command that asks for one thing about a schedule and prints what the schedule is then. */
function changing(request: (client: Client, id: string) => Promise<Schedule>) {
  return async (context: Context, id: string): Promise<undefined> => {
    printSchedule(context, await request(await connectTenant(context), id))
  }
}

export async function triggerSchedule(context: Context, id: string): Promise<undefined> {
  const client = await connectTenant(context)
  const run = await client.triggerSchedule({ params: { id } })
  if (context.json) printJson(context.terminal, run)
  else context.terminal.write(`The run is ${run.status}. Watch it: ${context.commandLine} runs watch ${run.id}\n`)
}

function printSchedule({ terminal, json }: Context, schedule: Schedule): void {
  if (json) {
    printJson(terminal, schedule)
    return
  }
  const { lastTickAt, lastRunId, lastProblem } = schedule
  const fields: [string, string | undefined][] = [
    ['schedule', schedule.id],
    ['name', oneLine(schedule.name)],
    ['agent', `${schedule.agent} in ${schedule.environment}`],
    ['message', oneLine(schedule.message)],
    ['times', describeTimes(schedule)],
    ['overlap', schedule.overlap],
    ['catch-up', schedule.catchUp],
    ['status', schedule.status],
    ['next', schedule.nextTimes.map(formatTime).join(', ')],
    ['last time', lastTickAt === null ? undefined : formatTime(lastTickAt)],
    ['last run', lastRunId ?? undefined],
    ['problem', lastProblem === null ? undefined : printable(lastProblem)],
  ]
  terminal.write(renderFields(fields, terminal.paint))
}
