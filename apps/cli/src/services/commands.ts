import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { ServiceOptions } from './read-service.ts'
import type { UseOptions } from './services.ts'

const load = () => import('./services.ts')

export function addServiceCommands(program: Command, perform: Perform): void {
  const services = program
    .command('services')
    .description('what teams serve at /api/v1/<service>/, and who relies on it')
  services
    .command('put')
    .description('register a service, or change what the options name of it')
    .argument('<name>')
    .option('--file <path>', 'the whole service as JSON, as "services show --json" prints it')
    .option('--env <environment>', 'the environment that the upstream serves; production by default')
    .option('--url <url>', 'the upstream is an HTTP server')
    .option('--mcp <url>', 'the upstream is an MCP server (Streamable HTTP)')
    .option('--agent <agent>', 'the upstream is an agent')
    .option('--connection <name>', 'whose credential goes along to the server')
    .option('--contract <path>', 'an OpenAPI 3 document or an A2A agent card, as JSON')
    .option('--description <text>')
    .option('--timeout-ms <ms>', 'until the answer begins, and in its pauses')
    .option('--requests-per-second <number>', 'of all callers together; "none" for no limit')
    .option('--force', 'accept a contract that breaks consumers')
    .action(async (name: string, options: ServiceOptions, command: Command) => {
      await perform(command, async (context) => (await load()).putService(context, name, options))
    })
  services
    .command('check')
    .description('report what a contract would break, and change nothing; exit code 1 when it breaks something')
    .argument('<name>')
    .requiredOption('--contract <path>', 'an OpenAPI 3 document or an A2A agent card, as JSON')
    .action(async (name: string, { contract }: { contract: string }, command: Command) => {
      await perform(command, async (context) => (await load()).checkService(context, name, contract))
    })
  services
    .command('list')
    .description('list the services')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listServices(context))
    })
  for (const [action, description] of [
    ['show', 'show a service and its consumers'],
    ['delete', 'delete a service that has no consumers'],
  ] as const) {
    services
      .command(action)
      .description(description)
      .argument('<name>')
      .action(async (name: string, _: unknown, command: Command) => {
        await perform(command, async (context) => (await load())[`${action}Service`](context, name))
      })
  }
  addConsumerCommands(services, perform)
}

function addConsumerCommands(services: Command, perform: Perform): void {
  services
    .command('consume')
    .description('register what a consumer relies on')
    .argument('<name>')
    .argument('<consumer>', 'the name of a team, an agent or a program')
    .option(
      '--uses <operations...>',
      'such as "GET /orders/{id}", or with fields of the answer "GET /orders/{id} total,lines.sku"',
    )
    .option('--skills <ids...>', 'of an agent card')
    .action(async (name: string, consumer: string, options: UseOptions, command: Command) => {
      await perform(command, async (context) => (await load()).putConsumer(context, name, consumer, options))
    })
  services
    .command('forget')
    .description('forget a consumer')
    .argument('<name>')
    .argument('<consumer>')
    .action(async (name: string, consumer: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).deleteConsumer(context, name, consumer))
    })
}
