import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

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
function start(script: string, args: string[], env: NodeJS.ProcessEnv, input?: string): Started {
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

export function startCommand(args: string[], env: NodeJS.ProcessEnv, input?: string): Started {
  return start(launcher, args, env, input)
}

/** Starts the platform on a free port, with its data in `env.FREEHOLD_DATA_DIR`, and waits until it is ready. */
export async function startPlatform(env: NodeJS.ProcessEnv): Promise<Started> {
  const platform = start(server, ['serve'], { ...env, PORT: '0', FREEHOLD_LOG_LEVEL: 'silent' })
  await platform.printed('Freehold is ready')
  return platform
}
