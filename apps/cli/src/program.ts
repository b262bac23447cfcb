import { Command, CommanderError } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import { addAgentCommands } from './agents/commands.ts'
import { addApprovalCommands } from './approvals/commands.ts'
import { addAuditCommands } from './audit/commands.ts'
import { addBrandingCommands } from './branding/commands.ts'
import { addBudgetCommands } from './budgets/commands.ts'
import { addConnectionCommands } from './connections/commands.ts'
import type { Context, Perform } from './context.ts'
import { addDoctorCommands } from './doctor/commands.ts'
import { CliError, describeError, type ExitCode, exitCodes } from './failure.ts'
import { addFlagCommands } from './flags/commands.ts'
import { addIdentityCommands } from './identity/commands.ts'
import { addKeyCommands } from './keys/commands.ts'
import { addLimitCommands } from './limits/commands.ts'
import { addPeopleCommands } from './people/commands.ts'
import { addPlanCommands } from './plans/commands.ts'
import { addReleaseCommands } from './releases/commands.ts'
import { addRunCommands } from './runs/commands.ts'
import { addScheduleCommands } from './schedules/commands.ts'
import { addSecretCommands } from './secrets/commands.ts'
import { addServiceCommands } from './services/commands.ts'
import { addSettingCommands } from './settings/commands.ts'
import { addTeamCommands } from './teams/commands.ts'
import { addApplyCommand, addTenantCommands } from './tenants/commands.ts'
import { createPaint } from './terminal/terminal.ts'
import { addUsageCommands } from './usage/commands.ts'
import { addWebhookCommands } from './webhooks/commands.ts'

/** All that the process gives to the command. */
export interface Surroundings {
  write: (text: string) => void
  note: (line: string) => void
  readInput: () => Promise<string>
  confirm: Context['terminal']['confirm']
  askHidden: Context['terminal']['askHidden']
  columns: number | undefined
  colors: boolean
  commandLine: string
  onInterrupt: Context['onInterrupt']
  url: string | undefined
  apiKey: string | undefined
  operatorKey: string | undefined
  dataDir: string | undefined
  workingDir: string
}

// A type, not an interface: commander asks for an index signature.
type GlobalOptions = { tenant?: string; json?: boolean; color: boolean }

const footer = `
Credentials: FREEHOLD_URL and FREEHOLD_API_KEY (for operator commands,
FREEHOLD_OPERATOR_KEY), else credentials.json in FREEHOLD_DATA_DIR, or in
.freehold here or in a folder above.

Exit codes: 0 done, 1 the request failed, 2 wrong usage, 3 the run failed or
was cancelled, 4 a dry run found differences, 130 interrupted.`

/** Runs the command line and resolves with the exit code. Never rejects. */
export async function main(args: string[], surroundings: Surroundings): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok
  const refused: Context['refused'] = {}
  let paint = createPaint(surroundings.colors)
  const perform: Perform = async (command, work) => {
    const options = command.optsWithGlobals<GlobalOptions>()
    paint = createPaint(surroundings.colors && options.color)
    exitCode = (await work(createContext(surroundings, options, refused, paint))) ?? exitCodes.ok
  }
  try {
    await buildProgram(surroundings, perform).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said what is wrong already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.wrongUsage
    surroundings.note(`${paint.red('✗')} ${describeError(error, refused.requestId)}`)
    return error instanceof CliError ? error.exitCode : exitCodes.requestFailed
  }
}

function createContext(
  surroundings: Surroundings,
  options: GlobalOptions,
  refused: Context['refused'],
  paint: Context['terminal']['paint'],
): Context {
  const { write, note, readInput, confirm, askHidden, columns, commandLine, onInterrupt } = surroundings
  const { url, apiKey, operatorKey, dataDir, workingDir } = surroundings
  return {
    terminal: { write, note, readInput, confirm, askHidden, columns, paint },
    settings: { url, apiKey, operatorKey, dataDir, workingDir, tenant: options.tenant },
    json: options.json ?? false,
    commandLine,
    onInterrupt,
    refused,
  }
}

function buildProgram(surroundings: Surroundings, perform: Perform): Command {
  const program = new Command('freehold')
    .description('Runs AI agents for many tenants, each on ground of its own.')
    .version(packageJson.version)
    .option('--tenant <name>', 'act for this tenant of credentials.json')
    .option('--json', 'print JSON for programs')
    .option('--no-color', 'print without colours')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: surroundings.write,
      writeErr: (text) => surroundings.note(text.trimEnd()),
      getOutHelpWidth: () => surroundings.columns ?? 100,
      getErrHelpWidth: () => surroundings.columns ?? 100,
    })
    .addHelpText('after', footer)
    .exitOverride()
  addRunCommands(program, perform)
  addApprovalCommands(program, perform)
  addAgentCommands(program, perform)
  addReleaseCommands(program, perform)
  addScheduleCommands(program, perform)
  addWebhookCommands(program, perform)
  addSecretCommands(program, perform)
  addConnectionCommands(program, perform)
  addFlagCommands(program, perform)
  addServiceCommands(program, perform)
  addSettingCommands(program, perform)
  addBrandingCommands(program, perform)
  addTenantCommands(program, perform)
  addApplyCommand(program, perform)
  addLimitCommands(program, perform)
  addPlanCommands(program, perform)
  addKeyCommands(program, perform)
  addPeopleCommands(program, perform)
  addTeamCommands(program, perform)
  addBudgetCommands(program, perform)
  addUsageCommands(program, perform)
  addAuditCommands(program, perform)
  addIdentityCommands(program, perform)
  addDoctorCommands(program, perform)
  return program
}
