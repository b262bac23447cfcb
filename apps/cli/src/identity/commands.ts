import type { Command } from 'commander'
import type { Perform } from '../context.ts'

export function addIdentityCommands(program: Command, perform: Perform): void {
  program
    .command('whoami')
    .description('say who the credentials belong to and what they allow')
    .option('--operator', 'ask for the operator key')
    .action(async ({ operator }: { operator?: boolean }, command: Command) => {
      await perform(command, async (context) => (await import('./whoami.ts')).whoami(context, operator ?? false))
    })
}
