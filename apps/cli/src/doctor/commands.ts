import type { Command } from 'commander'
import type { Perform } from '../context.ts'

export function addDoctorCommands(program: Command, perform: Perform): void {
  program
    .command('doctor')
    .description('check the installation and say what to do')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./doctor.ts')).examine(context))
    })
}
