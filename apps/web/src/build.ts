import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { withFileLock } from '../../../scripts/file-lock.mjs'

const folder = join(import.meta.dirname, '..')
const root = join(folder, '../..')
/** Everything that a build is made of. */
const sources = ['apps/web/src', 'apps/web/public', 'packages/contracts/src']
const settings = [
  'apps/web/next.config.ts',
  'apps/web/postcss.config.mjs',
  'apps/web/tsconfig.json',
  'package-lock.json',
]
const progressMs = 10_000
/** Beside the newest one: what a server that is still running may have started with. */
const keptBuilds = 2

/** Where Next finds the build in this process. Set before Next reads its configuration. */
export const distVariable = 'FREEHOLD_WEB_DIST'

/**
 * Builds the dashboard unless it is built from just these sources already, and resolves with the folder of the build, relative to
 * this app. Each state of the sources has a folder of its own, so a build never changes under a server. One process at a time builds.
 */
export async function ensureBuilt(env: NodeJS.ProcessEnv, progress: (line: string) => void): Promise<string> {
  const id = await hashSources()
  const dist = join('.next', id)
  const done = join(folder, dist, 'complete')
  if (existsSync(done)) return dist
  await mkdir(join(folder, '.next'), { recursive: true })
  await withFileLock(join(folder, '.next/build.lock'), 'building the dashboard', async (addChild) => {
    if (existsSync(done)) return
    progress('building the dashboard, once (about half a minute) …')
    const startedAt = performance.now()
    const seconds = () => Math.round((performance.now() - startedAt) / 1_000)
    const timer = setInterval(() => progress(`still building the dashboard, ${seconds()} s …`), progressMs)
    try {
      await runBuild(dist, env, addChild)
    } finally {
      clearInterval(timer)
    }
    await compressFiles(join(folder, dist, 'static'))
    await writeFile(done, '')
    await removeOldBuilds(id)
    progress(`the dashboard is built, ${seconds()} s`)
  })
  return dist
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256').update(process.version)
  const listed = await Promise.all(sources.map((each) => filesBelow(join(root, each))))
  for (const path of [...listed.flat().sort(), ...settings.map((each) => join(root, each))]) {
    hash.update(`${relative(root, path)}\0`).update(await readFile(path))
  }
  return hash.digest('hex').slice(0, 16)
}

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function runBuild(dist: string, env: NodeJS.ProcessEnv, addChild: (pid: number) => void): Promise<void> {
  await rm(join(folder, dist), { recursive: true, force: true })
  const next = createRequire(import.meta.url).resolve('next/dist/bin/next')
  const child = spawn(process.execPath, [next, 'build', folder], {
    cwd: folder,
    env: { ...env, [distVariable]: dist, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) addChild(child.pid)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  const stop = () => child.kill()
  process.once('exit', stop)
  const [code] = await once(child, 'close')
  process.off('exit', stop)
  if (code !== 0) throw new Error(`The dashboard could not be built:\n${output}`)
}

/** As small as it gets, once: a fifth smaller than what a server can do while somebody waits. */
async function compressFiles(path: string): Promise<void> {
  const compress = promisify(brotliCompress)
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
  for (const file of await filesBelow(path)) {
    if (!['.js', '.css', '.svg'].includes(extname(file))) continue
    await writeFile(`${file}.br`, await compress(await readFile(file), { params }))
  }
}

async function removeOldBuilds(newest: string): Promise<void> {
  const names = (await readdir(join(folder, '.next'))).filter((name) => /^[0-9a-f]{16}$/.test(name) && name !== newest)
  const paths = names.map((name) => join(folder, '.next', name))
  const builds = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })))
  const old = builds.sort((one, other) => other.at - one.at).slice(keptBuilds)
  await Promise.all(old.map(({ path }) => rm(path, { recursive: true, force: true })))
}
