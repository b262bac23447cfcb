import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { HttpOptions, ProviderOptions } from './connections.ts'

const load = () => import('./connections.ts')

export function addConnectionCommands(program: Command, perform: Perform): void {
  const connections = program.command('connections').description('what secrets are for, and where their values may go')
  connections
    .command('list')
    .description('list the connections')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listConnections(context))
    })
  connections
    .command('set-provider')
    .description('use a secret as the key for a model provider, instead of the key of the installation')
    .argument('<name>')
    .requiredOption('--provider <provider>', 'openai, anthropic, google, mistral, or the name of a server of your own')
    .requiredOption('--secret <secret>', 'the name of the secret')
    .option('--base-url <url>', 'of an OpenAI-compatible server, or instead of the provider’s own')
    .action(async (name: string, options: ProviderOptions, command: Command) => {
      await perform(command, async (context) => (await load()).setProvider(context, name, options))
    })
  connections
    .command('set-http')
    .description('let http_request send a secret to one host')
    .argument('<name>')
    .requiredOption('--origin <origin>', 'the host, such as https://api.example.com')
    .requiredOption('--secret <secret>', 'the name of the secret')
    .option('--header <header>', 'that carries it; authorization by default')
    .option('--prefix <prefix>', 'before the value; "Bearer " by default with authorization')
    .action(async (name: string, options: HttpOptions, command: Command) => {
      await perform(command, async (context) => (await load()).setHttp(context, name, options))
    })
  for (const [action, description] of [
    ['show', 'show a connection'],
    ['delete', 'delete a connection; its secret stays'],
  ] as const) {
    connections
      .command(action)
      .description(description)
      .argument('<name>')
      .action(async (name: string, _: unknown, command: Command) => {
        await perform(command, async (context) => (await load())[`${action}Connection`](context, name))
      })
  }
}
