import { stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Credentials, candidatePaths, findCredentials } from '../connection/credentials.ts'
import type { Settings } from '../connection/settings.ts'
import { describeError } from '../failure.ts'
import { type Finding, note, ok, problem } from './finding.ts'

const leastNode = 24
const leastFreeBytes = 1024 ** 3

export function checkNode(version: string): Finding {
  if (Number.parseInt(version, 10) >= leastNode) return ok('Node', `v${version}`)
  return problem('Node', `v${version} can't run this`, 'Start the command with npx in the clone: it brings Node 24.')
}

/** Finds the credentials, and what keeps them from being found. */
export async function checkCredentials(
  settings: Settings,
): Promise<{ findings: Finding[]; credentials: Credentials | undefined }> {
  const check = 'credentials'
  try {
    const credentials = await findCredentials(settings)
    if (credentials) return { findings: [await checkMode(credentials.path)], credentials }
    const fromEnvironment = settings.apiKey !== undefined || settings.operatorKey !== undefined
    const [nearest] = candidatePaths(settings)
    const finding = fromEnvironment
      ? ok(check, 'from the environment')
      : problem(
          check,
          `there is no ${nearest}`,
          'Start the platform with `npm start`, or set FREEHOLD_URL and FREEHOLD_API_KEY.',
        )
    return { findings: [finding], credentials: undefined }
  } catch (error) {
    return { findings: [problem(check, describeError(error))], credentials: undefined }
  }
}

async function checkMode(path: string): Promise<Finding> {
  const { mode } = await stat(path)
  // Windows has no such modes.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return ok('credentials', path)
  const octal = (mode & 0o777).toString(8).padStart(4, '0')
  return problem('credentials', `${path} has mode ${octal}, so others can read the keys`, `Run: chmod 600 ${path}`)
}

export async function checkDisk(settings: Settings, credentials: Credentials | undefined): Promise<Finding> {
  const folder =
    settings.dataDir === undefined
      ? credentials && dirname(credentials.path)
      : resolve(settings.workingDir, settings.dataDir)
  if (folder === undefined) return note('disk', 'no data directory here to look at')
  try {
    const { bavail, bsize } = await statfs(folder)
    return describeDisk(folder, bavail * bsize)
  } catch (error) {
    return note('disk', `${folder} can't be looked at: ${describeError(error)}`)
  }
}

export function describeDisk(folder: string, freeBytes: number): Finding {
  const free = `${(freeBytes / 1024 ** 3).toFixed(1)} GB free in ${folder}`
  return freeBytes >= leastFreeBytes
    ? ok('disk', free)
    : note('disk', free, 'Make room: the database stops when the disk is full.')
}
