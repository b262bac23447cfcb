import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { LimitOptions, NewBudgetOptions } from './read-limits.ts'

const load = () => import('./budgets.ts')

export function addBudgetCommands(program: Command, perform: Perform): void {
  const budgets = program
    .command('budgets')
    .description('limit what a tenant, its users, agents, runs or keys may spend')
  budgets
    .command('list')
    .description('list the budgets with what is used of them')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listBudgets(context))
    })
  budgets
    .command('show')
    .description('show a budget with what is spent, reserved and left')
    .argument('<budget>', 'id or name')
    .action(async (budget: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showBudget(context, budget))
    })
  addWriting(budgets, perform)
}

function addWriting(budgets: Command, perform: Perform): void {
  withLimits(budgets.command('create'))
    .description('create a budget; from now on it limits every model call that it applies to')
    .argument('<name>')
    .option('--scope <scope>', 'tenant, or user, agent, run or api_key: each of them; user:alice: that one', 'tenant')
    .option('--period <period>', "hour, day or month in the tenant's time zone, or total", 'month')
    .action(async (name: string, options: NewBudgetOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createBudget(context, name, options))
    })
  withLimits(budgets.command('update'))
    .description('change the name or limits of a budget; what is spent stays')
    .argument('<budget>', 'id or name')
    .option('--name <name>', 'its new name')
    .action(async (budget: string, options: LimitOptions & { name?: string }, command: Command) => {
      await perform(command, async (context) => (await load()).updateBudget(context, budget, options))
    })
  budgets
    .command('delete')
    .description('delete a budget; it limits no further call')
    .argument('<budget>', 'id or name')
    .action(async (budget: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).deleteBudget(context, budget))
    })
}

function withLimits(command: Command): Command {
  return command
    .option('--limit <dollars>', 'what may be spent per period, such as 20 or 0.5; "none" for no such limit')
    .option('--tokens <count>', 'tokens in and out per period, or "none"')
    .option('--requests <count>', 'model calls per period, or "none"')
    .option('--soft <percent>', 'have a run say so once this much is used, or "none"')
}
