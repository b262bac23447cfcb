import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ensureInstalled, InstallFailed, installLockPath, isInstalled, pinnedNode, root } from './ensure-installed.mjs'

const wrapper = join(root, 'scripts/with-node.mjs')
let project

function writeLockfile(path, version) {
  mkdirSync(dirname(path), { recursive: true })
  const packages = {
    '': { name: 'fixture' },
    'node_modules/dependency': { version, integrity: `sha512-${version}` },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  }
  if (path.includes('node_modules')) delete packages['node_modules/other-platform']
  writeFileSync(path, JSON.stringify({ packages }))
}

const lockfile = () => join(project, 'package-lock.json')
const npmsRecord = () => join(project, 'node_modules/.package-lock.json')

/** What `npm install` leaves behind. */
function installVersion(version) {
  writeLockfile(npmsRecord(), version)
  mkdirSync(dirname(pinnedNode(project)), { recursive: true })
  writeFileSync(pinnedNode(project), '')
}

function deadPid() {
  return spawnSync(process.execPath, ['-e', '']).pid
}

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'freehold-install-'))
  writeLockfile(lockfile(), '1.0.0')
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(project, { recursive: true, force: true })
})

describe('what counts as installed', () => {
  test('nothing does before the first install', () => {
    expect(isInstalled(project)).toBe(false)
  })

  test('an npm install by hand does, without the packages of other platforms', () => {
    installVersion('1.0.0')
    expect(isInstalled(project)).toBe(true)
  })

  test('a lockfile that changed since does not', () => {
    installVersion('1.0.0')
    expect(isInstalled(project)).toBe(true)
    writeLockfile(lockfile(), '2.0.0')
    expect(isInstalled(project)).toBe(false)
  })

  test('an install of something else since does not, though the lockfile is the marked one', () => {
    installVersion('1.0.0')
    expect(isInstalled(project)).toBe(true)
    installVersion('2.0.0')
    expect(isInstalled(project)).toBe(false)
  })
})

describe('installing', () => {
  test('processes that start together install once', async () => {
    const install = vi.fn(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      installVersion('1.0.0')
    })
    await Promise.all([1, 2, 3].map(() => ensureInstalled(project, install)))
    expect(install).toHaveBeenCalledTimes(1)
    expect(isInstalled(project)).toBe(true)
  })

  test('a failed install says so and leaves no lock', async () => {
    const failure = new InstallFailed('no network')
    await expect(ensureInstalled(project, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(existsSync(installLockPath(project))).toBe(false)
  })

  test('the lock of an installer that died is taken over', async () => {
    writeFileSync(installLockPath(project), JSON.stringify({ host: hostname(), pids: [deadPid()] }))
    await ensureInstalled(project, async () => installVersion('1.0.0'))
    expect(isInstalled(project)).toBe(true)
  })

  test('an npm that outlived its starter keeps the lock', async () => {
    writeFileSync(installLockPath(project), JSON.stringify({ host: hostname(), pids: [deadPid(), process.pid] }))
    const install = vi.fn()
    const waiting = ensureInstalled(project, install)
    installVersion('1.0.0')
    rmSync(installLockPath(project))
    await waiting
    expect(install).not.toHaveBeenCalled()
  })
})

describe('running with the pinned Node', () => {
  const run = (...args) => spawnSync(process.execPath, [wrapper, ...args], { encoding: 'utf8' })

  test('passes arguments on, with the pinned version', () => {
    const { stdout } = run('-p', 'JSON.stringify([process.version, ...process.argv.slice(1)])', 'a b', '--c')
    expect(JSON.parse(stdout)).toEqual([expect.stringMatching(/^v24\./), 'a b', '--c'])
  })

  test('preserves the exit code', () => {
    expect(run('-e', 'process.exit(7)').status).toBe(7)
  })

  test.skipIf(process.platform === 'win32')('ends by the signal that ended the script', () => {
    expect(run('-e', "process.kill(process.pid, 'SIGKILL')").signal).toBe('SIGKILL')
  })

  test.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGINT', 'SIGHUP'])(
    'forwards %s once',
    async (signal) => {
      const script = `let n = 0; process.on('${signal}', () => { n += 1; setTimeout(() => process.exit(40 + n), 200) }); setInterval(() => {}, 1000); console.log('up')`
      const child = spawn(process.execPath, [wrapper, '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
      const closed = once(child, 'close')
      await once(child.stdout, 'data')
      child.kill(signal)
      child.kill(signal)
      expect(await closed).toEqual([41, null])
    },
  )
})
