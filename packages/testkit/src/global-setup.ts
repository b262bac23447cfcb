import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

const memory = '/dev/shm'
const neededBytes = 4 * 1024 ** 3

/** Vitest's global setup: a folder for what one test run writes and its files share, which is gone after it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(await findRoom(), 'freehold-test-run-'))
  await chmod(folder, 0o711) // as root, a database server in it runs as a user of its own
  process.env.TMPDIR = folder // the workers inherit it
  project.provide('testRunFolder', folder)
  return () => rm(folder, { recursive: true, force: true })
}

/** In memory where there is enough of it: tests copy hundreds of database folders. */
async function findRoom(): Promise<string> {
  if (process.env.TMPDIR !== undefined) return tmpdir()
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }))
  return bavail * bsize >= neededBytes ? memory : tmpdir()
}
