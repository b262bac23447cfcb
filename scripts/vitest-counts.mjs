// `node scripts/vitest-counts.mjs <vitest's JSON report> <its exit code>` prints `<passed> <failed>` for .ci/run.
// A file that fails outside its tests (it doesn't load, it leaks) counts once; so does a run that fails without saying where.

import { existsSync, readFileSync } from 'node:fs'

export function countTests(report, exitCode) {
  if (report === undefined) return { passed: 0, failed: 1 }
  const files = report.testResults ?? []
  const brokenFiles = files.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  const failed = report.numFailedTests + brokenFiles.length
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

if (import.meta.main ?? process.argv[1]?.endsWith('vitest-counts.mjs')) {
  const [path, exitCode] = process.argv.slice(2)
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  const { passed, failed } = countTests(report, Number(exitCode))
  console.log(passed, failed)
}
