import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

interface Holder {
  pid: number
  /** Ticks since boot at which the process started, so that a reused pid is not taken for the holder. */
  startTicks: string | null
}

const nobody: Holder = { pid: 999_999_999, startTicks: null }

/**
 * Makes this process the only one that uses a data folder. Two processes on one embedded database would corrupt it.
 * A lock whose process is gone is taken over. Returns the function that lets go.
 */
export async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, 'postgres.lock')
  const self: Holder = { pid: process.pid, startTicks: await startTicksOf(process.pid) }
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (await createLock(path, self)) return () => rm(path, { force: true })
    const holder = await readHolder(path)
    if (holder && (await isAlive(holder))) {
      throw new Error(
        `Another Freehold process (pid ${holder.pid}) is using the data folder ${folder}. ` +
          'Stop it first, set FREEHOLD_DATA_DIR to another folder, or set DATABASE_URL to share a PostgreSQL server.',
      )
    }
    await removeStaleLock(path, self)
  }
  throw new Error(`The lock ${path} can't be taken. Remove it if no Freehold process is running.`)
}

/** Linked into place with its content, so that nobody ever reads a lock that is not written yet. */
async function createLock(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 })
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
}

/** One process at a time, or a second one would remove the lock that the first has just put in the stale one's place. */
async function removeStaleLock(path: string, self: Holder): Promise<void> {
  const guard = `${path}.takeover`
  if (!(await createLock(guard, self))) {
    const other = await readHolder(guard)
    if (other && !(await isAlive(other))) await rm(guard, { force: true })
    await delay(20)
    return
  }
  try {
    const holder = await readHolder(path)
    // One that is gone must not be removed: by now it may be there again, and somebody's.
    if (holder && !(await isAlive(holder))) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

/** Undefined when there is no lock. One that can't be read is nobody's. */
async function readHolder(path: string): Promise<Holder | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return undefined
  }
  try {
    return JSON.parse(text) as Holder
  } catch {
    return nobody
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  return (await startTicksOf(holder.pid)) === holder.startTicks
}

/**
 * Field 22 of /proc/<pid>/stat; null where there is no /proc, and then the pid alone decides. A process that has ended, and
 * that its parent has only not taken note of yet (states Z and X), has none.
 */
async function startTicksOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return 'ZX'.includes(state) ? 'ended' : (fields[18] ?? null)
  } catch {
    return null
  }
}
