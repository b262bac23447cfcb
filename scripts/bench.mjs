// `npm run bench -- <name> [options]`: installs what the benchmarks need of their own, then runs bench/<name>.ts.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './ensure-installed.mjs'

const folder = join(root, 'bench')
const [name, ...args] = process.argv.slice(2)
const script = join(folder, `${name}.ts`)
if (!name || !existsSync(script)) {
  const names = readdirSync(folder).filter((file) => file.endsWith('.ts'))
  console.error(`Usage: npm run bench -- <${names.map((file) => file.slice(0, -3)).join('|')}> [options]`)
  process.exit(2)
}
const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
if (Object.keys(dependencies).length > 0 && !existsSync(join(folder, 'node_modules'))) {
  run('npm', ['ci', '--no-audit', '--no-fund'])
}
run(process.execPath, [script, ...args])

function run(command, commandArgs) {
  const { status } = spawnSync(command, commandArgs, { cwd: folder, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
