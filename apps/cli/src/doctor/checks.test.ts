import { describe, expect, it } from 'vitest'
import { createPaint } from '../terminal/terminal.ts'
import { checkNode, describeDisk } from './check-local.ts'
import { checkClock, checkRefusal, checkVersion } from './check-server.ts'
import { note, problem, renderFinding } from './finding.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const gigabyte = 1024 ** 3

describe('checks', () => {
  it.each([
    ['this Node', checkNode('24.1.0'), 'ok'],
    ['an old Node', checkNode('20.20.2'), 'problem'],
    ['clocks that agree', checkClock('Sun, 22 Nov 2026 12:01:00 GMT', nowMs), 'ok'],
    ['a server ahead', checkClock('Sun, 22 Nov 2026 12:01:01 GMT', nowMs), 'problem'],
    ['a server behind', checkClock('Sun, 22 Nov 2026 11:58:00 GMT', nowMs), 'problem'],
    ['a server without a clock', checkClock(null, nowMs), 'note'],
    ['a full disk', describeDisk('/d', gigabyte - 1), 'note'],
    ['room on the disk', describeDisk('/d', gigabyte), 'ok'],
    ['the same version', checkVersion('u', { status: 200, body: { info: { version: '1' } } }, '1'), 'ok'],
    ['another version', checkVersion('u', { status: 200, body: { info: { version: '2' } } }, '1'), 'note'],
    ['no API description', checkVersion('u', { status: 200, body: '<html>' }, '1'), 'problem'],
    ['a refused request', checkRefusal('u', { status: 401 }), 'ok'],
    ['an answer without a key', checkRefusal('u', { status: 200 }), 'problem'],
  ])('%s', (_, finding, result) => {
    expect(finding.result).toBe(result)
  })
})

it('says on which side the clock is wrong', () => {
  expect(checkClock('Sun, 22 Nov 2026 12:02:00 GMT', nowMs).detail).toBe(
    'the server is 2 min 0 s ahead of this computer',
  )
  expect(checkClock('Sun, 22 Nov 2026 11:58:00 GMT', nowMs).detail).toBe('the server is 2 min 0 s behind this computer')
})

it('says what to do on a line of its own', () => {
  const paint = createPaint(false)
  expect(renderFinding(problem('disk', 'full', 'Make room.'), paint)).toBe('✗ disk: full\n  → Make room.\n')
  expect(renderFinding(note('disk', 'unknown'), paint)).toBe('– disk: unknown\n')
})
