import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { AgentOptions } from './read-agent.ts'

const load = () => import('./agents.ts')

export function addAgentCommands(program: Command, perform: Perform): void {
  const agents = program.command('agents').description('manage the agents of a tenant')
  addReading(agents, perform)
  addWriting(agents, perform)
  program
    .command('tools')
    .description('list the tools that an agent can be given')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await import('./tools.ts')).listTools(context))
    })
}

function addReading(agents: Command, perform: Perform): void {
  agents
    .command('list')
    .description('list the agents')
    .action(async (_: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listAgents(context))
    })
  agents
    .command('show')
    .description('show the latest version of an agent and which version serves where')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).showAgent(context, name))
    })
  agents
    .command('versions')
    .description('list the versions of an agent, newest first')
    .argument('<name>')
    .action(async (name: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).listVersions(context, name))
    })
}

function addWriting(agents: Command, perform: Perform): void {
  withAgentOptions(agents.command('create'))
    .description('create an agent; its version 1 is released to every environment')
    .action(async (name: string, options: AgentOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createAgent(context, name, options))
    })
  withAgentOptions(agents.command('version'))
    .description('add a version; what you leave out stays as in the latest one')
    .action(async (name: string, options: AgentOptions, command: Command) => {
      await perform(command, async (context) => (await load()).createVersion(context, name, options))
    })
  agents
    .command('release')
    .description('choose the version that serves in an environment')
    .argument('<name>')
    .argument('<environment>', 'development, staging or production')
    .argument('<version>')
    .action(async (name: string, environment: string, version: string, _: unknown, command: Command) => {
      await perform(command, async (context) => (await load()).releaseVersion(context, name, environment, version))
    })
}

function withAgentOptions(command: Command): Command {
  return command
    .argument('<name>')
    .option('--system <text>', 'the system prompt')
    .option('--model <name>', 'default, demo or <provider>/<model>')
    .option('--tools <names>', 'with commas between them; "" for none')
    .option('--description <text>', 'what the agent is for')
    .option('--program <name>', 'assistant or graph')
    .option('--file <path>', 'a JSON file, such as `agents show --json` prints; options win over it')
}
