import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import { readCount } from '../runs/commands.ts'
import type { AuditFilter } from './audit.ts'

const load = () => import('./audit.ts')

export function addAuditCommands(program: Command, perform: Perform): void {
  const audit = program.command('audit').description('who changed what in a tenant')
  audit
    .command('list')
    .description('list the changes, newest first')
    .option('--actor <actor>', 'by this one only, such as api_key:<id>')
    .option('--action <action>', 'of this kind only, such as key.created')
    .option('--subject <id>', 'of this thing only; of an agent, its name')
    .option('--from <when>', 'since this point in time, such as 2027-01-31')
    .option('--to <when>', 'before this point in time')
    .option('--limit <count>', 'how many at the most', readCount, 50)
    .action(async (options: AuditFilter & { limit: number }, command: Command) => {
      await perform(command, async (context) => (await load()).listAudit(context, options))
    })
  audit
    .command('verify')
    .description('recompute the chain and compare it with its anchors and its archive; fails when it is not as it was')
    .option('--no-archive', 'without the archive, which may be long')
    .action(async (options: { archive: boolean }, command: Command) => {
      await perform(command, async (context) => (await load()).verifyAudit(context, options))
    })
  audit
    .command('prune')
    .description('remove old entries of a tenant for good, as the operator; what is left can still be verified')
    .argument('<tenant>', 'id or name')
    .requiredOption('--before <when>', 'before this point in time, such as 2027-01-31')
    .option('-y, --yes', 'do not ask')
    .action(async (tenant: string, options: { before: string; yes?: true }, command: Command) => {
      await perform(command, async (context) => (await load()).pruneAudit(context, tenant, options))
    })
  audit
    .command('export')
    .description('print the whole chain as JSON Lines, with what it takes to verify it elsewhere')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).exportAudit(context))
    })
}
