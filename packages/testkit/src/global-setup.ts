import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

/** Vitest's global setup: a folder for what the files of one test run share, which is gone after it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-test-run-'))
  await chmod(folder, 0o711) // as root, a database server in it runs as a user of its own
  project.provide('testRunFolder', folder)
  return () => rm(folder, { recursive: true, force: true })
}
