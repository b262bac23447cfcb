import type { Command } from 'commander'
import type { Settings } from './connection/settings.ts'
import type { ExitCode } from './failure.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What a command gets besides its own arguments. */
export interface Context {
  terminal: Terminal
  settings: Settings
  /** Print JSON for programs instead of text for people. */
  json: boolean
  /** How the user calls this command, for commands that we tell them to type. */
  commandLine: string
  /** Calls `handler` on each Ctrl-C until the returned function is called. */
  onInterrupt: (handler: () => void) => () => void
  /** Filled by the connection: the id of the request that the server refused last. */
  refused: { requestId?: string }
}

/** Runs a command's work with its context. The work resolves with an exit code, or nothing for success. */
export type Perform = (command: Command, work: (context: Context) => Promise<ExitCode | undefined>) => Promise<void>
