import type { Command } from 'commander'
import type { Perform } from '../context.ts'
import type { EvaluateOptions, FlagOptions, SetFlagOptions } from './flags.ts'

const load = () => import('./flags.ts')
const environment = [
  '--environment <environment>',
  'development, staging or production; production by default',
] as const

export function addFlagCommands(program: Command, perform: Perform): void {
  const flags = program.command('flags').description('feature flags, which programs ask for by name')
  flags
    .command('list')
    .description('list the flags of an environment')
    .option(...environment)
    .action(async (options: FlagOptions, command: Command) => {
      await perform(command, async (context) => (await load()).listFlags(context, options))
    })
  flags
    .command('set')
    .description('create a flag, a boolean or what a file says, or change what the options name of it')
    .argument('<name>')
    .option(...environment)
    .option('--on', 'turn it on, for whom it served before')
    .option('--off', 'turn it off for everybody, and keep the rest')
    .option('--percent <share>', 'on for this share of the targeting keys, such as 20')
    .option('--file <file>', 'the whole flag as JSON, with type, variants, rules and serve (docs/flags.md)')
    .action(async (name: string, options: SetFlagOptions, command: Command) => {
      await perform(command, async (context) => (await load()).setFlag(context, name, options))
    })
  flags
    .command('delete')
    .description('delete a flag; programs fall back to what they do without it')
    .argument('<name>')
    .option(...environment)
    .action(async (name: string, options: FlagOptions, command: Command) => {
      await perform(command, async (context) => (await load()).deleteFlag(context, name, options))
    })
  flags
    .command('evaluate')
    .description('what a flag says to somebody')
    .argument('<name>')
    .option(...environment)
    .option('--type <type>', 'boolean, string, number or object; boolean by default')
    .option('--key <key>', 'the targeting key: whoever has the same one gets the same')
    .option('--attribute <name=value...>', 'that rules may look at')
    .action(async (name: string, options: EvaluateOptions, command: Command) => {
      await perform(command, async (context) => (await load()).evaluateFlag(context, name, options))
    })
}
