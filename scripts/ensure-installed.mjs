// Makes node_modules match package-lock.json, once, however many processes ask at the same time.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { withFileLock } from './file-lock.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Beside node_modules, which npm ci empties. */
export const installLockPath = (root) => join(root, '.install.lock')

const progressTtyMs = 1000
const progressLogMs = 15_000

/** The message is complete and made for the terminal. */
export class InstallFailed extends Error {}

/** The Node that package.json pins (the npm package `node` brings the binary). */
export function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

const lockfilePath = (root) => join(root, 'package-lock.json')
const installedPath = (root) => join(root, 'node_modules', '.package-lock.json')
const markerPath = (root) => join(root, 'node_modules', '.freehold-installed')

/** What we install and what npm says is installed: the pair identifies a state, so a later `npm install` invalidates it. */
function fingerprint(root) {
  const hash = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')
  return `${hash(lockfilePath(root))} ${hash(installedPath(root))}\n`
}

function packagesIn(path) {
  return JSON.parse(readFileSync(path, 'utf8')).packages ?? {}
}

/** Compares with npm's own record of node_modules, so an `npm install` done by hand counts too. */
function matchesLockfile(root) {
  const installed = packagesIn(installedPath(root))
  return Object.entries(packagesIn(lockfilePath(root))).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed[path]
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true
    return found.version === wanted.version && found.integrity === wanted.integrity && found.link === wanted.link
  })
}

/** True when node_modules holds what package-lock.json asks for. Cheap (two hashes) once it has been true. */
export function isInstalled(root) {
  if (!existsSync(pinnedNode(root)) || !existsSync(installedPath(root))) return false
  if (existsSync(markerPath(root)) && readFileSync(markerPath(root), 'utf8') === fingerprint(root)) return true
  if (!matchesLockfile(root)) return false
  writeFileSync(markerPath(root), fingerprint(root))
  return true
}

/** Prefers the npm that started us; `npm` on the PATH otherwise. */
function npmCommand() {
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  if (npm && /^npm-cli\.c?js$/.test(basename(npm)) && existsSync(npm))
    return { command: node ?? process.execPath, prefix: [npm] }
  return { command: 'npm', prefix: [] }
}

function reportProgress(startedAt) {
  const seconds = () => Math.round((performance.now() - startedAt) / 1000)
  if (process.stderr.isTTY) {
    process.stderr.write('[freehold] installing dependencies (first start, about a minute) …')
    const timer = setInterval(() => {
      process.stderr.write(`\r[freehold] installing dependencies (first start, about a minute) … ${seconds()} s`)
    }, progressTtyMs)
    return () => {
      clearInterval(timer)
      process.stderr.write('\n')
    }
  }
  process.stderr.write('[freehold] installing dependencies (first start, about a minute) …\n')
  const timer = setInterval(
    () => process.stderr.write(`[freehold] still installing, ${seconds()} s …\n`),
    progressLogMs,
  )
  return () => clearInterval(timer)
}

/** npm's complaint without the usage text that it appends to some. */
const complaint = (output) => output.split(/^.*Clean install a project$/m)[0].trim()

function explainFailure(outcome, output) {
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? ''
  const advice = [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH/.test(output)
      ? 'The package registry can not be reached: check the network, the proxy (HTTPS_PROXY) and `npm config get registry`.'
      : '',
    code === 'EUSAGE' ? 'package.json and package-lock.json disagree: run `npm install`.' : '',
    /EACCES|EPERM/.test(output)
      ? 'Something in node_modules belongs to another user or is in use: remove the folder.'
      : '',
    'Then start again. To see everything npm says, run `npm ci` yourself.',
  ]
  return ['', complaint(output), '', `[freehold] npm ci failed (${outcome}). ${advice.filter(Boolean).join(' ')}`].join(
    '\n',
  )
}

/** Runs `npm ci` quietly; `onStart` gets its pid. Dev dependencies are always included, whatever NODE_ENV says. */
function npmCi(root, onStart) {
  const { command, prefix } = npmCommand()
  const args = [...prefix, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const onWindows = process.platform === 'win32' && prefix.length === 0
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], shell: onWindows })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const stop = (signal) => child.kill(signal)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
    child.on('spawn', () => onStart(child.pid))
    child.on('error', (error) => reject(new InstallFailed(explainFailure(error.message, output))))
    child.on('close', (code, signal) => {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.removeListener(name, stop)
      if (code === 0) resolve()
      else reject(new InstallFailed(explainFailure(signal ?? `exit code ${code}`, output)))
    })
  })
}

/** Installs when needed. Throws `InstallFailed` with advice. */
export async function ensureInstalled(root, install = npmCi) {
  if (isInstalled(root)) return
  await withFileLock(installLockPath(root), 'installing dependencies', async (recordChild) => {
    if (isInstalled(root)) return
    const startedAt = performance.now()
    const endProgress = reportProgress(startedAt)
    try {
      await install(root, recordChild)
    } finally {
      endProgress()
    }
    if (!existsSync(pinnedNode(root))) {
      throw new InstallFailed(
        `[freehold] npm ci finished, but ${pinnedNode(root)} is missing: install scripts are switched off (npm config get ignore-scripts). ` +
          'Run `npm rebuild node --ignore-scripts=false`.',
      )
    }
    writeFileSync(markerPath(root), fingerprint(root))
    process.stderr.write(
      `[freehold] dependencies installed in ${Math.round((performance.now() - startedAt) / 1000)} s\n`,
    )
  })
}
