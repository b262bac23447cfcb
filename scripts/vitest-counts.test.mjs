import { expect, test } from 'vitest'
import { countTests } from './vitest-counts.mjs'

const file = (status, ...tests) => ({ status, assertionResults: tests.map((outcome) => ({ status: outcome })) })

test.each([
  ['all pass', { numPassedTests: 2, numFailedTests: 0, testResults: [file('passed', 'passed', 'passed')] }, 0, [2, 0]],
  ['one fails', { numPassedTests: 1, numFailedTests: 1, testResults: [file('failed', 'passed', 'failed')] }, 1, [1, 1]],
  [
    "a file doesn't load or leaks",
    { numPassedTests: 1, numFailedTests: 0, testResults: [file('failed', 'passed')] },
    1,
    [1, 1],
  ],
  [
    'the run fails outside any file',
    { numPassedTests: 1, numFailedTests: 0, testResults: [file('passed', 'passed')] },
    1,
    [1, 1],
  ],
  ['there is no report', undefined, 0, [0, 1]],
])('%s', (_title, report, exitCode, [passed, failed]) => {
  expect(countTests(report, exitCode)).toEqual({ passed, failed })
})
