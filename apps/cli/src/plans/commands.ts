import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import { readCount } from '../runs/commands.ts'
import type { PlanOptions } from './plans.ts'

const load = () => import('./plans.ts')

export function addPlanCommands(program: Command, perform: Perform): void {
  const plans = program.command('plans').description('manage the plans that tenants can be on, as the operator')
  plans
    .command('list')
    .description('list the plans')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listPlans(context))
    })
  plans
    .command('set')
    .description('create or change a plan; it holds at once for every tenant on it')
    .argument('<name>')
    .requiredOption('--weight <number>', 'share of the worker slots when tenants compete', readCount)
    .requiredOption('--max-running <count>', 'runs that may run at once', readCount)
    .requiredOption('--max-queued <count>', 'runs that may stand in the queue', readCount)
    .option('--isolation <tier>', 'where agents run: shared, namespace or dedicated', 'shared')
    .option(
      '--key-rate <rate>',
      'requests a second of each key: 50, or 50/200 for 200 at once; as configured when left out',
    )
    .option('--user-rate <rate>', 'of each person, likewise')
    .option('--tenant-rate <rate>', 'of the whole tenant; no limit when left out')
    .option('--max-agents <count>', 'agents; no limit when left out')
    .option('--max-runs-per-month <count>', 'runs that start in a month; no limit when left out')
    .option('--max-members <count>', 'members, with those invited; no limit when left out')
    .option('--max-storage <size>', 'of messages and journals, such as 500MB or 20GB; no limit when left out')
    .action(async (name: string, options: PlanOptions, command: Command) => {
      await perform(command, async (context) => (await load()).setPlan(context, name, options))
    })
}
