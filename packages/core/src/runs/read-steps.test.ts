import type { StepSummary } from '@freehold/contracts'
import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { getRun, listRunEvents } from './get-run.ts'
import { startRun } from './start-run.ts'

let on: TestPlatform
beforeAll(async () => {
  on = await createTestPlatform()
})
afterAll(() => on.close())

const owner = () => on.caller(on.acme)
const usage = { inputTokens: 9, outputTokens: 4, cacheReadTokens: 3, cacheWriteTokens: 0, reasoningTokens: 0 }

/** A run whose journal has these events, one each second. */
async function journaled(events: [type: string, data: object][]): Promise<string> {
  const { runId } = await startRun(owner(), {
    agent: 'assistant',
    message: 'hello',
    environment: 'production',
    metadata: {},
  })
  await on.asSuperuser(
    `insert into run_events (tenant_id, run_id, seq, type, data, at)
       select $1, $2, 1 + n, e ->> 0, e -> 1, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second'
         from jsonb_array_elements($3::jsonb) with ordinality as events (e, n)`,
    [on.acme.id, runId, JSON.stringify(events)],
  )
  return runId
}

const stepsOf = async (events: [string, object][]): Promise<StepSummary[]> =>
  (await getRun(owner(), await journaled(events))).steps
const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
const model = { step: 'model:1', model: 'demo', latencyMs: 500, usage, costNanos: 7, text: 'so be it', toolCalls: [] }

test('the journal of one step is read without that of the others', async () => {
  const call = { step: 'tool:1', name: 'pay', toolCallId: 'c', input: { amount: 5 }, idempotencyKey: 'k' }
  const runId = await journaled([
    ['model.finished', model],
    ['tool.started', call],
    ['tool.started', { ...call, step: 'tool:10' }],
    ['tool.finished', { step: 'tool:1', name: 'pay', toolCallId: 'c', output: 'paid', latencyMs: 9 }],
  ])
  const read = (query: { after?: number; limit?: number; step: string }) =>
    listRunEvents(owner(), runId, { after: 0, limit: 10, ...query }).then(({ items }) => items)
  expect(await read({ step: 'tool:1' })).toMatchObject([
    { seq: 3, type: 'tool.started', at: at(2), data: call },
    { seq: 5, type: 'tool.finished', data: { output: 'paid' } },
  ])
  expect(await read({ step: 'tool:1', after: 3 })).toMatchObject([{ seq: 5 }])
  expect(await read({ step: 'tool:1', limit: 1 })).toMatchObject([{ seq: 3 }])
  expect(await read({ step: 'tool:2' })).toEqual([])
  await expect(
    listRunEvents(on.caller(on.globex), runId, { after: 0, limit: 10, step: 'tool:1' }),
  ).rejects.toMatchObject({ code: 'not_found' })
})

describe('a step tells', () => {
  test('of a model call when it ran, its tokens and its cost', async () => {
    expect(await stepsOf([['model.finished', model]])).toEqual([
      {
        ...{ step: 'model:1', kind: 'model', name: 'demo', status: 'finished', latencyMs: 500, attempt: 1 },
        startedAt: new Date(Date.parse(at(1)) - 500).toISOString(),
        finishedAt: at(1),
        ...{ usage, costNanos: 7, childRunId: null, approvalId: null, error: null },
      },
    ])
  })

  test('of a tool call its start, and while it runs no end', async () => {
    const started: [string, object] = ['tool.started', { step: 'tool:1', name: 'pay', input: { amount: 5 } }]
    expect(await stepsOf([started])).toMatchObject([{ status: 'running', startedAt: at(1), finishedAt: null }])
    const finished: [string, object] = [
      'tool.finished',
      { step: 'tool:1', name: 'pay', output: 'paid', latencyMs: 900 },
    ]
    expect(await stepsOf([started, finished])).toMatchObject([
      { kind: 'tool', name: 'pay', status: 'finished', startedAt: at(1), finishedAt: at(2), latencyMs: 900 },
    ])
  })

  test('what went wrong', async () => {
    const refused = 'the bank said no '.repeat(100)
    const steps = await stepsOf([
      ['model.failed', { step: 'model:1', model: 'demo', message: 'no answer' }],
      ['tool.started', { step: 'tool:1', name: 'pay', input: {} }],
      ['tool.finished', { step: 'tool:1', name: 'pay', error: refused, latencyMs: 1 }],
      [
        'child.started',
        { step: 'child:1', agent: 'clerk', runId: '0198aaaa-0000-7000-8000-000000000001', message: 'help' },
      ],
      [
        'child.finished',
        {
          step: 'child:1',
          runId: '0198aaaa-0000-7000-8000-000000000001',
          status: 'failed',
          output: null,
          error: { code: 'model_failed', message: 'it had no answer' },
        },
      ],
    ])
    expect(steps).toMatchObject([
      { status: 'failed', error: 'no answer' },
      { status: 'failed', error: refused.slice(0, 1000) },
      {
        status: 'failed',
        error: 'it had no answer',
        childRunId: '0198aaaa-0000-7000-8000-000000000001',
        name: 'clerk',
      },
    ])
  })

  test('which approval it waited for', async () => {
    const approvalId = '0198aaaa-0000-7000-8000-000000000002'
    const steps = await stepsOf([
      ['approval.requested', { step: 'tool:1', approvalId, tool: 'pay' }],
      ['approval.decided', { step: 'tool:1', approvalId, decision: 'approved' }],
      ['tool.started', { step: 'tool:1', name: 'pay', input: {} }],
    ])
    expect(steps).toMatchObject([
      { kind: 'tool', name: 'pay', status: 'running', approvalId, startedAt: at(1), finishedAt: null },
    ])
  })

  test('in which attempt it came this far', async () => {
    const tool = { step: 'tool:1', name: 'pay' }
    const steps = await stepsOf([
      ['run.started', { attempt: 1, worker: 'w' }],
      ['model.finished', model],
      ['tool.started', { ...tool, input: {} }],
      ['run.resumed', { attempt: 2, worker: 'w' }],
      ['tool.finished', { ...tool, output: 1, latencyMs: 1 }],
    ])
    expect(steps.map(({ step, attempt }) => [step, attempt])).toEqual([
      ['model:1', 1],
      ['tool:1', 2],
    ])
  })

  test('whether a timer is over', async () => {
    const timer = (until: string): [string, object] => ['timer.set', { step: 'timer:1', until }]
    expect(await stepsOf([timer('2099-01-01T00:00:00.000Z')])).toMatchObject([{ status: 'running', finishedAt: null }])
    expect(await stepsOf([timer(at(30))])).toMatchObject([{ status: 'finished', finishedAt: at(30) }])
  })
})

test('a run of 2,000 steps with long outputs is read without them', async () => {
  const output = 'x'.repeat(2000)
  const id = await journaled(
    Array.from({ length: 1000 }, (_, n): [string, object][] => [
      ['model.finished', { ...model, step: `model:${n}`, text: output }],
      ['tool.started', { step: `tool:${n}`, name: 'look', input: { output } }],
      ['tool.finished', { step: `tool:${n}`, name: 'look', output, latencyMs: 1 }],
    ]).flat(),
  )
  const before = process.cpuUsage()
  const run = await getRun(owner(), id)
  const { user, system } = process.cpuUsage(before)
  expect(run.steps).toHaveLength(2000)
  const kilobytes = Math.round(JSON.stringify(run).length / 1000)
  console.log(`a run of 2,000 steps: ${Math.round((user + system) / 1000)} ms of this process, ${kilobytes} kB`)
  expect(kilobytes).toBeLessThan(1000)
}, 60_000)
