// Adds to package-lock.json the platform packages that npm left out because the registry it asked doesn't carry them
// (a mirror of one platform, say). Without them `npm ci` refuses the lockfile everywhere. Run it after `npm install`.
//
// An added entry has the exact version its parent asks for and no integrity, so npm doesn't verify that package until an
// `npm install` against the public registry fills it in. `--check` only reports.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './ensure-installed.mjs'

const systems = { darwin: 'darwin', linux: 'linux', linuxmusl: 'linux', win32: 'win32', windows: 'win32' }
for (const same of ['android', 'freebsd', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix']) systems[same] = same
const processors = { 64: 'x64', x64: 'x64', ia32: 'ia32', arm64: 'arm64', arm: 'arm', armv7: 'arm' }
for (const same of ['loong64', 'mips64el', 'ppc64', 'riscv64', 's390x']) processors[same] = same

/** `@swc/core-linux-x64-musl` → { cpu: ['x64'], libc: ['musl'], os: ['linux'] }; undefined for a name that names no platform. */
export function platformOf(name) {
  const words = name.split('/').at(-1).split('-')
  const os = words.map((word) => systems[word]).find(Boolean)
  const cpu = words.map((word) => processors[word]).find(Boolean)
  if (os === undefined || cpu === undefined) return undefined
  const libc = words.some((word) => word.includes('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu')) && 'glibc'
  return { cpu: [cpu], ...(os === 'linux' && libc && { libc: [libc] }), os: [os] }
}

/** Whether `name` resolves from `path` in the lockfile, the way Node looks for it: in every node_modules above. */
function resolves(packages, path, name) {
  const nested = path
    .split('/node_modules/')
    .map((_part, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'))
  return [`node_modules/${name}`, ...nested.map((folder) => `${folder}/node_modules/${name}`)].some(
    (at) => at in packages,
  )
}

/** The entries to add, by path. Throws on one that can't be derived. */
export function missingPlatforms(packages) {
  const missing = {}
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (resolves(packages, path, name)) continue
      const platform = platformOf(name)
      if (platform === undefined || !/^\d+\.\d+\.\d+[^ ]*$/.test(version)) {
        throw new Error(`can't derive the entry of ${name}@${version}, which ${path} wants`)
      }
      const { cpu, libc, os } = platform // in npm's order, so that it has nothing to rewrite
      missing[`node_modules/${name}`] = { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os }
    }
  }
  return missing
}

function main() {
  const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
  const path = join(root, 'package-lock.json')
  const lockfile = JSON.parse(readFileSync(path, 'utf8'))
  const missing = missingPlatforms(lockfile.packages)
  const names = Object.keys(missing)
  if (names.length === 0) return
  console.log(`${names.length} platform packages missing from package-lock.json:\n  ${names.join('\n  ')}`)
  if (options.check) {
    console.log('Run: node scripts/complete-lockfile.mjs')
    process.exitCode = 1
    return
  }
  const byName = ([a], [b]) => a.localeCompare(b, 'en')
  lockfile.packages = Object.fromEntries(Object.entries({ ...lockfile.packages, ...missing }).sort(byName))
  writeFileSync(path, `${JSON.stringify(lockfile, null, 2)}\n`)
}

if (import.meta.main ?? process.argv[1]?.endsWith('complete-lockfile.mjs')) main()
