// One process at a time does something that takes a while. The lock is a file that names the processes at work: ours and
// the child that does it, so a child that outlives its killed starter still holds the lock.

import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

const pollMs = 500
const oldestLockMs = 30 * 60_000

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** The lock's text and age, or undefined when nobody holds it. */
function readLock(path) {
  try {
    return { text: readFileSync(path, 'utf8'), ageMs: Date.now() - statSync(path).mtimeMs }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Every process it names is gone. From another host (a shared folder) we can't tell, so there only its age counts. */
function isStale({ text, ageMs }) {
  if (ageMs > oldestLockMs) return true
  try {
    const holder = JSON.parse(text)
    return holder.host === hostname() && !holder.pids.some(isAlive)
  } catch {
    return ageMs > 2000 // torn: its writer died between creating and filling it
  }
}

/** Two waiters may find the same stale lock; the rename lets one win, and the check puts back a fresh one taken by mistake. */
function removeStale(path, stale) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
    if (readFileSync(aside, 'utf8') === stale.text) rmSync(aside)
    else renameSync(aside, path)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

function tryCreate(path, text) {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

const holderText = (pids) => JSON.stringify({ host: hostname(), pids })

/**
 * Runs `work` while no other process runs its own under the lock at `path`. `work` gets a function that adds a child's pid
 * to the lock. `doing` is for those who wait, such as "installing dependencies".
 *
 * @param {string} path
 * @param {string} doing
 * @param {(addChild: (pid: number) => void) => Promise<void>} work
 */
export async function withFileLock(path, doing, work) {
  let announced = false
  while (!tryCreate(path, holderText([process.pid]))) {
    const lock = readLock(path)
    if (lock !== undefined && isStale(lock)) {
      removeStale(path, lock)
      continue
    }
    if (!announced) {
      process.stderr.write(`[freehold] another process is ${doing}; waiting (lock: ${path}) …\n`)
      announced = true
    }
    await wait(pollMs)
  }
  try {
    return await work((childPid) => writeFileSync(path, holderText([process.pid, childPid])))
  } finally {
    rmSync(path, { force: true })
  }
}
