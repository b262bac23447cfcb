// Vitest setup: a test file that leaves a server, connection, child process or timer running fails.
// Looks at what keeps the event loop alive after the file's own hooks; unref'd handles don't count.

import { setTimeout as wait } from 'node:timers/promises'
import { afterAll } from 'vitest'

const leaking = [
  'TCPServerWrap',
  'TCPSocketWrap',
  'PipeServerWrap',
  'ProcessWrap',
  'Timeout',
  'FSEventWrap',
  'MessagePort',
  'Worker',
]
const settleMs = 2000
const pollMs = 20

function countActive() {
  const counts = new Map(leaking.map((type) => [type, 0]))
  for (const type of process.getActiveResourcesInfo()) {
    if (counts.has(type)) counts.set(type, counts.get(type) + 1)
  }
  return counts
}

const before = countActive()

function leaks() {
  return [...countActive()].filter(([type, count]) => count > before.get(type))
}

afterAll(async () => {
  const deadline = performance.now() + settleMs
  while (leaks().length > 0 && performance.now() < deadline) await wait(pollMs, undefined, { ref: false })
  const found = leaks()
  if (found.length === 0) return
  const list = found.map(([type, count]) => `${count - before.get(type)} × ${type}`).join(', ')
  throw new Error(
    `this test file leaves something running: ${list}. Close it in afterEach; --detectAsyncLeaks shows where it came from.`,
  )
})
