import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads a secret file that the targets on one machine share through the data folder; the first one makes it. */
export async function loadSharedFile(dataDir: string, name: string, make: () => Promise<string>): Promise<string> {
  const path = join(dataDir, name)
  const draft = `${path}.${randomUUID()}`
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  await writeFile(draft, await make(), { mode: 0o600 })
  try {
    // With its content, so that a process that starts at the same moment never reads half of it.
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readFile(path, 'utf8')
}
