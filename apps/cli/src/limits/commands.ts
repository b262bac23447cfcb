import type { Command } from 'commander'
import type { Perform } from '../context.ts'

export function addLimitCommands(program: Command, perform: Perform): void {
  program
    .command('limits')
    .description('what the plan of your tenant allows, and what is used of it')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./limits.ts')).showLimits(context))
    })
}
