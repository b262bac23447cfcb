import type { Command } from 'commander'
import type { Perform } from '../context.ts'

const load = () => import('./secrets.ts')
const loadKeys = () => import('./rotate-keys.ts')

export function addSecretCommands(program: Command, perform: Perform): void {
  const secrets = program.command('secrets').description('values that agents use and nobody reads')
  secrets
    .command('list')
    .description('list the secrets, never their values')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listSecrets(context))
    })
  secrets
    .command('set')
    .description('create a secret or replace its value, which is asked for, or read from standard input')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).setSecret(context, name))
    })
  secrets
    .command('delete')
    .description('delete a secret and every version of its value')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).deleteSecret(context, name))
    })
  secrets
    .command('rotate-data-key')
    .description(
      'encrypt the secrets of a tenant under a new data key, as the operator; may be interrupted and repeated',
    )
    .argument('<tenant>', 'id or name')
    .action(async (tenant: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await loadKeys()).rotateDataKey(context, tenant))
    })
  secrets
    .command('rewrap')
    .description('put everything under the new FREEHOLD_SECRET_KEY, as the operator; may be interrupted and repeated')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await loadKeys()).rewrapKeys(context))
    })
}
