import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDataFolder } from '@freehold/testkit'
import { afterAll, beforeAll } from 'vitest'
import type { ExitCode } from './failure.ts'
import { main } from './program.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const launcher = path('../bin/freehold.mjs')
const server = path('../../server/src/main.ts')

export interface Started {
  child: ChildProcess
  /** All it printed so far. */
  stdout(): string
  stderr(): string
  /** Resolves once the text was printed on either stream; rejects when the process ends without it. */
  printed(text: string): Promise<void>
  /** Resolves with the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>
}

/** Starts a script under this Node and collects what it prints. */
function start(script: string, args: string[], env: NodeJS.ProcessEnv, input?: string | Buffer): Started {
  const child = spawn(process.execPath, [script, ...args], { env, stdio: 'pipe' })
  child.stdin.end(input ?? '')
  const output = { stdout: '', stderr: '' }
  const listeners = new Set<() => void>()
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      output[stream] += chunk
      for (const listener of listeners) listener()
    })
  }
  const ended = once(child, 'close').then(([code, signal]): number | NodeJS.Signals | null => code ?? signal)
  const printed = (text: string) => {
    const found = new Promise<void>((resolve) => {
      const look = () => {
        if (!(output.stdout + output.stderr).includes(text)) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      look()
    })
    const missed = ended.then((how) => {
      if ((output.stdout + output.stderr).includes(text)) return
      throw new Error(`ended with ${how} before "${text}":\n${output.stdout}${output.stderr}`)
    })
    return Promise.race([found, missed])
  }
  return { child, ended, printed, stdout: () => output.stdout, stderr: () => output.stderr }
}

export function startCommand(args: string[], env: NodeJS.ProcessEnv, input?: string | Buffer): Started {
  return start(launcher, args, env, input)
}

/** Starts the platform on a free port, with its data in `env.FREEHOLD_DATA_DIR`, and waits until it is ready. */
export async function startPlatform(env: NodeJS.ProcessEnv): Promise<Started> {
  const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), 'freehold-compile-cache') }
  const platform = start(server, ['serve'], {
    ...compiled,
    FREEHOLD_DASHBOARD: 'off',
    ...env,
    PORT: '0',
    FREEHOLD_LOG_LEVEL: 'silent',
  })
  await platform.printed('Freehold is ready')
  return platform
}

/** A platform that all tests of a file share, and the command with its credentials. */
export interface SharedPlatform {
  dataDir: string
  env: NodeJS.ProcessEnv
  platform: Started
  /** Runs the command to its end. */
  run(args: string[], input?: string | Buffer): Promise<{ code: Awaited<Started['ended']>; out: string; err: string }>
}

/** In this process, which costs a twentieth of one of its own; what a process adds is what `command.test.ts` is about. */
async function runHere(args: string[], dataDir: string): Promise<{ code: ExitCode; out: string; err: string }> {
  let [out, err] = ['', '']
  const code = await main(args, {
    write: (text) => {
      out += text
    },
    note: (line) => {
      err += `${line}\n`
    },
    readInput: async () => '',
    confirm: undefined,
    askHidden: undefined,
    columns: undefined,
    colors: false,
    commandLine: 'freehold',
    onInterrupt: () => () => {},
    url: undefined,
    apiKey: undefined,
    operatorKey: undefined,
    dataDir,
    workingDir: process.cwd(),
  })
  return { code, out, err }
}

/** Starts it before the tests of the file, with `settings` in its environment, and stops it after them. */
export function sharePlatform(settings: NodeJS.ProcessEnv = {}): SharedPlatform {
  // The rest is there before the first test is.
  const shared = {
    async run(args: string[], input?: string | Buffer) {
      if (input === undefined) return runHere(args, shared.dataDir)
      const started = startCommand(args, shared.env, input)
      const code = await started.ended
      return { code, out: started.stdout(), err: started.stderr() }
    },
  } as SharedPlatform
  beforeAll(async () => {
    shared.dataDir = await createDataFolder()
    shared.env = { PATH: process.env.PATH, HOME: shared.dataDir, FREEHOLD_DATA_DIR: shared.dataDir }
    shared.platform = await startPlatform({ ...shared.env, ...settings })
  })
  afterAll(async () => {
    shared.platform.child.kill('SIGTERM')
    await shared.platform.ended
    await rm(shared.dataDir, { recursive: true, force: true })
  })
  return shared
}
