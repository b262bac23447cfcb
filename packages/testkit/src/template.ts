import { constants, cpSync } from 'node:fs'
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '@freehold/core'
import { waitFor } from './wait-for.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Made by global-setup.ts for this test run. */
    testRunFolder: string
  }
}

/** A new data folder with a migrated embedded database in it: a copy of one that is made once per test run. */
export async function createDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'freehold-data-'))
  const template = await makeOnce(await findRunFolder(), 'template', buildTemplate)
  // Eight times as quick as the one that does not block.
  cpSync(template, folder, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return folder
}

/** Where the files of a test run keep what they share. */
export async function findRunFolder(): Promise<string> {
  // Not at the top, because scripts use the testkit outside of vitest too.
  const { inject } = await import('vitest')
  return inject('testRunFolder')
}

/** A folder that whichever test file comes first builds, while the others that need it wait. */
export async function makeOnce(
  runFolder: string,
  name: string,
  build: (draft: string) => Promise<void>,
): Promise<string> {
  const made = join(runFolder, name)
  if (await exists(made)) return made
  if (await claim(join(runFolder, `${name}.claimed`))) {
    await build(`${made}.draft`)
    await rename(`${made}.draft`, made)
  } else await waitFor(() => exists(made), { timeoutMs: 50_000, what: `the shared ${name}` })
  return made
}

async function buildTemplate(draft: string): Promise<void> {
  const database = await openDatabase({ dataDir: draft, poolSize: 1, migrate: true })
  await database.close()
  await rm(join(draft, 'postgres.lock'), { force: true })
}

async function claim(path: string): Promise<boolean> {
  return mkdir(path).then(
    () => true,
    () => false,
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
