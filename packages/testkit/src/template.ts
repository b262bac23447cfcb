import { constants } from 'node:fs'
import { access, cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
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
  await cp(await findTemplate(), folder, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return folder
}

async function findTemplate(): Promise<string> {
  // Not at the top, because scripts use the testkit outside of vitest too.
  const { inject } = await import('vitest')
  const runFolder = inject('testRunFolder')
  const template = join(runFolder, 'template')
  if (await exists(template)) return template
  if (await claim(join(runFolder, 'template.claimed'))) await buildTemplate(template)
  else await waitFor(() => exists(template), { timeoutMs: 50_000, what: 'the template of the embedded database' })
  return template
}

async function buildTemplate(template: string): Promise<void> {
  const draft = `${template}.draft`
  const database = await openDatabase({ dataDir: draft, poolSize: 1, migrate: true })
  await database.close()
  await rm(join(draft, 'postgres.lock'), { force: true })
  await rename(draft, template)
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
