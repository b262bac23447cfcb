// Everything that has to hold before a change is done: `npm run verify` (add `-- --no-tests` for the static half).
// Runs the npm scripts of the same names, all of them, and fails at the end if any failed.

import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from './ensure-installed.mjs'

const checks = [
  { title: 'format and lint', script: 'lint' },
  { title: 'types', script: 'typecheck' },
  { title: 'boundaries', script: 'boundaries' },
  { title: 'dead code', script: 'deadcode' },
  { title: 'tests', script: 'test' },
]

const { values: options } = parseArgs({
  options: { 'no-tests': { type: 'boolean', default: false }, report: { type: 'string' } },
})

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const env = {
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
}

/** Resolves to whether the script succeeded; its output goes straight to ours. */
function run(script) {
  return new Promise((resolve) => {
    const child = spawn(scripts[script], { cwd: root, env, shell: true, stdio: 'inherit' })
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0))
  })
}

const results = []
for (const { title, script } of checks) {
  if (script === 'test' && options['no-tests']) continue
  console.log(`\n▶ ${title} (${scripts[script]})`)
  const startedAt = performance.now()
  const ok = await run(script)
  results.push({ title, script, ok, seconds: (performance.now() - startedAt) / 1000 })
}

console.log('')
for (const { title, script, ok, seconds } of results) {
  console.log(
    `${ok ? '✔' : '✘'} ${title.padEnd(16)} ${seconds.toFixed(1).padStart(6)} s${ok ? '' : `   npm run ${script}`}`,
  )
}

const failed = results.filter(({ ok }) => !ok).length
if (options.report) writeFileSync(options.report, JSON.stringify({ passed: results.length - failed, failed }))
process.exitCode = failed === 0 ? 0 : 1
