import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import { readEntry } from '../runs/commands.ts'
import type { ScheduleOptions } from './schedules.ts'

const load = () => import('./schedules.ts')

export function addScheduleCommands(program: Command, perform: Perform): void {
  const schedules = program.command('schedules').description('start runs by the clock')
  schedules
    .command('list')
    .description('list the schedules')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listSchedules(context))
    })
  addCreate(schedules, perform)
  const onOne = {
    show: ['show a schedule and its next few times', 'showSchedule'],
    pause: ['start no more runs until it is resumed', 'pauseSchedule'],
    resume: ['go on with the first time from now', 'resumeSchedule'],
    delete: ['delete a schedule; its runs stay', 'deleteSchedule'],
    trigger: ['start its run now', 'triggerSchedule'],
  } as const
  for (const [name, [description, action]] of Object.entries(onOne)) {
    schedules
      .command(name)
      .description(description)
      .argument('<id>')
      .action(async (id: string, _: unknown, command: Command) => {
        await perform(command, async (context) => (await load())[action](context, id))
      })
  }
}

function addCreate(schedules: Command, perform: Perform): void {
  schedules
    .command('create')
    .description('start runs of an agent by a cron expression, or once')
    .argument('<name>', 'what it is called')
    .argument('<agent>', 'name of the agent')
    .argument('<message...>', 'what to ask at each run')
    .option('--cron <expression>', 'five fields, minute to day of week, such as "0 9 * * MON-FRI"')
    .option('--at <when>', 'run once: such as 90m, 12h, 30d or 2027-01-31T09:00:00Z')
    .option('--time-zone <name>', 'in which the cron expression is read, such as Europe/Berlin; UTC when left out')
    .option('--overlap <policy>', 'while a run is still under way: skip, allow or cancel_previous')
    .option('--catch-up <policy>', 'of the times that were missed, start: latest, all or none')
    .option('--environment <name>', 'development, staging or production')
    .option('--user <name>', 'the person the runs are for')
    .option('--priority <priority>', 'low, normal or high')
    .option('--metadata <key=value>', 'note this with the runs (repeatable)', readEntry, {})
    .action(async (name: string, agent: string, words: string[], options: ScheduleOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createSchedule(context, name, agent, words, options))
    })
}
