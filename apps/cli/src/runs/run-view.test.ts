import type { NewRunEvent, Run, RunEvent, TextDelta } from '@freehold/contracts'
import { describe, expect, it } from 'vitest'
import { createPaint } from '../terminal/terminal.ts'
import { createRunView } from './run-view.ts'

const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
const at = '2026-11-22T12:00:00.000Z'
const run: Run = {
  id: '01a20429-12b1-7319-a00f-383249f86f71',
  agent: 'assistant',
  version: 1,
  environment: 'production',
  threadId: 't',
  parentRunId: null,
  rootRunId: 'run',
  startedBy: 'api_key:key',
  startedByName: 'key',
  user: null,
  priority: 'normal',
  status: 'succeeded',
  waitsForApprovals: [],
  waitsForDecisions: [],
  message: 'hi',
  output: 'Hello there.',
  error: null,
  metadata: {},
  costNanos: 1_234_567,
  usage,
  attempt: 1,
  dead: false,
  attempts: [],
  createdAt: at,
  startedAt: at,
  finishedAt: '2026-11-22T12:00:01.500Z',
  deadlineAt: at,
  steps: [
    {
      ...{ step: 'model:1', kind: 'model', name: 'demo', status: 'finished', latencyMs: 5 },
      ...{ startedAt: null, finishedAt: null, attempt: 1, usage: null, costNanos: 5 },
      ...{ childRunId: null, approvalId: null, error: null },
    },
  ],
}

const delta = (offset: number, text: string, step = 'model:1'): TextDelta => ({
  type: 'text.delta',
  step,
  offset,
  delta: text,
})
const finished = (text: string, more: object = {}, step = 'model:1'): NewRunEvent => ({
  type: 'model.finished',
  data: {
    step,
    model: 'demo',
    demo: true,
    text,
    toolCalls: [],
    finishReason: 'stop',
    usage,
    costNanos: 0,
    latencyMs: 5,
    attempts: 1,
    ...more,
  },
})

/** What the view prints for these events, without its first line. */
function show(events: (NewRunEvent | TextDelta)[], options: { columns?: number; end?: Run } = {}): string {
  let text = ''
  const terminal = { write: (more: string) => (text += more), columns: options.columns, paint: createPaint(false) }
  const view = createRunView(terminal, run, (rest) => `freehold ${rest}`)
  const header = text
  events.forEach((event, index) => {
    view.show(event.type === 'text.delta' ? event : ({ ...event, seq: index + 1, at } as RunEvent))
  })
  if (options.end) view.end(options.end)
  return text.slice(header.length)
}

const doneLine = '✓ demo · 10 + 5 tokens · 5 ms\n'

describe('live text', () => {
  it.each<[string, (NewRunEvent | TextDelta)[], string]>([
    ['prints each letter once', [delta(0, 'Hel'), delta(3, 'lo'), finished('Hello')], `\nHello\n\n${doneLine}`],
    ['prints what was not streamed', [delta(0, 'Hel'), finished('Hello')], `\nHello\n\n${doneLine}`],
    ['prints what was not streamed at all', [finished('Hello')], `\nHello\n\n${doneLine}`],
    ['says nothing for a call without text', [finished('')], doneLine],
    ['closes a gap at the end', [delta(0, 'He'), delta(4, 'o'), finished('Hello')], `\nHello\n\n${doneLine}`],
    ['ignores what it has', [delta(0, 'Hel'), delta(1, 'ello'), finished('Hello')], `\nHello\n\n${doneLine}`],
    ['catches up after a reconnect', [delta(0, 'Hel'), delta(0, 'Hello'), finished('Hello')], `\nHello\n\n${doneLine}`],
    [
      'announces a repeated attempt and prints it again',
      [delta(0, 'Hal'), delta(0, 'Hel'), delta(3, 'lo'), finished('Hello')],
      `\nHal\n\n· the model begins again\n\nHello\n\n${doneLine}`,
    ],
    [
      'prints again what finished otherwise than it streamed',
      [delta(0, 'Hal'), finished('Hello')],
      `\nHal\n\n· the model begins again\n\nHello\n\n${doneLine}`,
    ],
    [
      'keeps a letter of two halves whole',
      [delta(0, 'a\uD83D'), delta(2, '\uDE42'), finished('a🙂')],
      `\na🙂\n\n${doneLine}`,
    ],
    [
      "doesn't mix the texts of two steps",
      [delta(0, 'One'), delta(0, 'Two', 'model:2'), finished('One!'), finished('Two!', {}, 'model:2')],
      `\nOne!\n\n${doneLine}\nTwo!\n\n${doneLine}`,
    ],
  ])('%s', (_, events, text) => {
    expect(show(events)).toBe(text)
  })

  it('prints the output once, when the model said it already', () => {
    expect(show([finished('Hello'), { type: 'run.succeeded', data: { output: 'Hello' } }])).toBe(
      `\nHello\n\n${doneLine}`,
    )
  })

  it('prints an output that no model said', () => {
    expect(show([{ type: 'run.succeeded', data: { output: { sum: 3 } } }])).toBe('\n{\n  "sum": 3\n}')
  })

  it("doesn't let a model steer the terminal", () => {
    expect(show([delta(0, '\u001B]0;pwned\u0007'), finished('\u001B]0;pwned\u0007')])).not.toContain('\u001B')
  })
})

const started: NewRunEvent = {
  type: 'tool.started',
  data: {
    step: 'tool:1',
    toolCallId: 'c',
    name: 'calculate',
    input: { expression: '17% of 2340' },
    idempotencyKey: 'k',
  },
}
const child: NewRunEvent = {
  type: 'child.started',
  data: { step: 'child:1', toolCallId: null, runId: 'r2', agent: 'planner', message: 'Plan it' },
}

describe('steps', () => {
  it.each<[string, NewRunEvent[], string]>([
    [
      'a tool with its input and output',
      [
        started,
        {
          type: 'tool.finished',
          data: { step: 'tool:1', toolCallId: 'c', name: 'calculate', output: { result: 397.8 }, latencyMs: 11 },
        },
      ],
      '✓ calculate {"expression":"17% of 2340"} → 397.8, 11 ms\n',
    ],
    [
      'a tool that failed',
      [
        started,
        {
          type: 'tool.finished',
          data: { step: 'tool:1', toolCallId: 'c', name: 'calculate', error: 'No.', latencyMs: 1 },
        },
      ],
      '✗ calculate {"expression":"17% of 2340"} → No., 1 ms\n',
    ],
    [
      'a call that asks for tools, with its price',
      [finished('', { toolCalls: [{ id: 'c', name: 'calculate', input: {} }], costNanos: 1_200_000, attempts: 2 })],
      '✓ demo asks for calculate · 10 + 5 tokens · $0.0012 · 2 attempts · 5 ms\n',
    ],
    [
      'a model that failed',
      [{ type: 'model.failed', data: { step: 'm', model: 'openai/x', message: 'No key.' } }],
      '✗ openai/x: No key.\n',
    ],
    [
      'a wait for a timer',
      [{ type: 'run.waiting', data: { waits: [{ step: 'timer:1', kind: 'timer', until: at }] } }],
      '· waits until 2026-11-22 12:00:00 UTC\n',
    ],
    [
      'a wait for another run',
      [child, { type: 'run.waiting', data: { waits: [{ step: 'child:1', kind: 'child', until: null }] } }],
      '· waits for planner, run r2\n',
    ],
    [
      'an answer of another agent',
      [
        child,
        {
          type: 'child.finished',
          data: { step: 'child:1', toolCallId: null, runId: 'r2', status: 'succeeded', output: 'Done', error: null },
        },
      ],
      '✓ planner "Plan it" → Done\n',
    ],
    [
      'a question, and how to answer it',
      [
        {
          type: 'decision.requested',
          data: { step: 'tool:2', question: 'Did it run?', options: ['retry', 'skip', 'fail'] },
        },
      ],
      `· Did it run?\n· answer with: freehold runs decide ${run.id} tool:2 retry|skip|fail\n`,
    ],
    ['a resumed run', [{ type: 'run.resumed', data: { attempt: 2, worker: 'w' } }], '· goes on, attempt 2\n'],
    [
      'an attempt that failed',
      [
        {
          type: 'attempt.failed',
          data: {
            attempt: 2,
            error: { code: 'model_failed', message: 'No.' },
            retryAt: '2026-01-01T00:00:00.000Z',
          },
        },
      ],
      '✗ attempt 2 failed: No. (model_failed); to be tried again at 2026-01-01 00:00:00 UTC\n',
    ],
    ['a first start', [{ type: 'run.started', data: { attempt: 1, worker: 'w' } }], ''],
    [
      'a failure',
      [{ type: 'run.failed', data: { error: { code: 'model_failed', message: 'No.' } } }],
      '✗ No. (model_failed)\n',
    ],
  ])('%s', (_, events, text) => {
    expect(show(events)).toBe(text)
  })

  it('fits a line into the terminal and cuts the input before the result', () => {
    const long: NewRunEvent = { ...started, data: { ...started.data, input: { text: 'x'.repeat(200) } } } as NewRunEvent
    const done: NewRunEvent = {
      type: 'tool.finished',
      data: { step: 'tool:1', toolCallId: 'c', name: 'calculate', output: 'short', latencyMs: 1 },
    }
    const lines = show([long, done], { columns: 60 }).replaceAll('\r\u001B[2K', '\n').split('\n')
    const line = lines.find((each) => each.startsWith('✓')) ?? ''
    expect(line).toMatch(/… → short, 1 ms$/)
    expect(line.length).toBeLessThanOrEqual(60)
  })

  it('replaces the status line on a terminal, and has none elsewhere', () => {
    expect(show([started], { columns: 80 })).toBe('calculate {"expression":"17% of 2340"} …')
    expect(show([started, finished('Hello')], { columns: 80 })).toContain('…\r\u001B[2K\nHello')
    expect(show([started])).toBe('')
  })

  it('ignores events of a newer server', () => {
    expect(show([{ type: 'weather.changed', data: {} } as unknown as NewRunEvent])).toBe('')
  })
})

describe('summary', () => {
  it('has steps, tokens, cost, time and the id', () => {
    expect(show([], { end: run })).toBe(`✓ succeeded · 1 step · 15 tokens · $0.0012 · 1.5 s · run ${run.id}\n`)
  })

  it('breaks before the id where a terminal is too narrow', () => {
    expect(show([], { end: run, columns: 80 })).toBe(
      `✓ succeeded · 1 step · 15 tokens · $0.0012 · 1.5 s\n  run ${run.id}\n`,
    )
  })

  it('is a lower bound when a price is not known', () => {
    expect(show([finished('', { costNanos: null })], { end: run })).toContain('at least $0.0012')
  })

  it('says how to try a failed run again', () => {
    expect(show([], { end: { ...run, status: 'failed' } })).toContain(`freehold runs redrive ${run.id}`)
  })
})
