import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import { readCount } from '../runs/commands.ts'
import type { DecideOptions, ListOptions } from './approvals.ts'

const load = () => import('./approvals.ts')

export function addApprovalCommands(program: Command, perform: Perform): void {
  const approvals = program.command('approvals').description('look at what runs ask approval for, and decide')
  approvals
    .command('list')
    .description('list what waits for a decision, newest first')
    .option('--status <status>', 'pending, approved, rejected, expired or cancelled', 'pending')
    .option('--all', 'whatever its status')
    .option('--run <id>', 'of this run only')
    .option('--limit <count>', 'how many at the most', readCount, 20)
    .action(async (options: ListOptions, command: Command) => {
      await perform(command, async (context) => (await load()).listApprovals(context, options))
    })
  approvals
    .command('show')
    .description('show exactly what would happen, who may decide and who did')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showApproval(context, id))
    })
  for (const decision of ['approve', 'reject'] as const) {
    const decide = approvals
      .command(decision)
      .description(
        decision === 'approve' ? 'approve exactly what is shown, or an edited version' : 'reject it; the model is told',
      )
      .argument('<id>')
      .option('--comment <text>', 'kept with the decision')
      .option('--hash <hash>', 'decide only if the arguments still have this hash, as "show" printed it')
      .action(async (id: string, options: DecideOptions, command: Command) => {
        await perform(command, async (context) => (await load()).decide(context, id, decision, options))
      })
    if (decision === 'approve') decide.option('--edit <json>', 'approve these arguments instead: JSON, or @file')
  }
}
