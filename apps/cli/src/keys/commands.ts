import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { KeyOptions } from './keys.ts'

const load = () => import('./keys.ts')

export function addKeyCommands(program: Command, perform: Perform): void {
  const keys = program.command('keys').description('manage the API keys of a tenant')
  keys
    .command('list')
    .description('list the keys')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listKeys(context))
    })
  keys
    .command('create')
    .description('create a key and print it, this once')
    .argument('<name>', 'what it is for')
    .option('--scopes <names>', 'with commas between them, such as runs:start,runs:read; everything when left out')
    .option('--roles <names>', 'owner, admin, builder, operator or viewer, with commas; none when left out')
    .option('--environment <name>', 'bind it to development, staging or production: it starts and sees runs there only')
    .option('--service-account <id>', 'the service account that it acts as')
    .option('--rate <number>', 'requests a second, when fewer than the plan allows a key')
    .option('--expires <when>', 'such as 30d, 12h, 90m or 2027-01-31')
    .action(async (name: string, options: KeyOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createKey(context, name, options))
    })
  keys
    .command('revoke')
    .description('revoke a key; it stops working within seconds')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).revokeKey(context, id))
    })
}
