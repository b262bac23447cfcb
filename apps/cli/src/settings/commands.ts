import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { SettingOptions } from './settings.ts'

const load = () => import('./settings.ts')

export function addSettingCommands(program: Command, perform: Perform): void {
  const settings = program.command('settings').description('the settings of your tenant')
  settings
    .command('show')
    .description('show them')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showSettings(context))
    })
  settings
    .command('set')
    .description('change those that are given')
    .option('--time-zone <zone>', 'in which the hours, days and months of budgets begin, such as Europe/Berlin')
    .option(
      '--assumed-price <input/output>',
      'dollars per million tokens of models whose price is not known, such as 0.15/0.6; "none" refuses them under a budget',
    )
    .option('--hosts <hosts>', 'that tools may reach, separated by commas; "public" for every public host, or "none"')
    .option(
      '--production-approvals <count>',
      'how many have to approve what gets into production, such as 1, or 2/admin for a role; "none" for nobody',
    )
    .action(async (options: SettingOptions, command: Command) => {
      await perform(command, async (context) => (await load()).setSettings(context, options))
    })
}
