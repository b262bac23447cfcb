import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import { readCount } from '../runs/commands.ts'

export function addUsageCommands(program: Command, perform: Perform): void {
  program
    .command('usage')
    .description('list model calls with tokens and cost, newest first')
    .option('--run <id>', 'of this run only')
    .option('--by <group>', 'sum up the last 30 days instead: by day, agent, model, person or team')
    .option('--limit <count>', 'how many at the most', readCount, 50)
    .action(async (options: { run?: string; by?: string; limit: number }, command: Command) => {
      await perform(command, async (context) => {
        if (options.by === undefined) return (await import('./list-usage.ts')).listUsage(context, options)
        return (await import('./summarize-usage.ts')).summarizeUsage(context, options.by)
      })
    })
}
