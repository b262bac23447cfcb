import { runHttpRequest, transformHttpEventStream, verifyEvents } from '@ag-ui/client'
import type { AGUIEvent } from '@ag-ui/core'
import { EventEncoder } from '@ag-ui/encoder'
import type { EventData, NewRunEvent, RunEvent, TextDelta } from '@freehold/contracts'
import { describe, expect, it } from 'vitest'
import { AguiTranslator } from './translate.ts'

type Item = NewRunEvent | TextDelta

/** Translates a journal with live text between its events. */
function translate(...items: Item[]): AGUIEvent[] {
  const translator = new AguiTranslator({ threadId: 'thread', runId: 'run', id: 'id' })
  let seq = 0
  const events = items.map((item): RunEvent | TextDelta => {
    if (item.type === 'text.delta') return item
    seq += 1
    return { ...item, seq, at: '2026-11-22T00:00:00.000Z' }
  })
  return [...translator.begin(), ...events.flatMap((event) => [...translator.translate(event)]), ...translator.end()]
}

function text(step: string, offset: number, delta: string): TextDelta {
  return { type: 'text.delta', step, offset, delta }
}

function finished(step: string, said: string, toolCalls: EventData<'model.finished'>['toolCalls'] = []): NewRunEvent {
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 }
  const call = { model: 'demo', demo: true, finishReason: 'stop', usage, costNanos: 0, latencyMs: 1, attempts: 1 }
  return { type: 'model.finished', data: { step, text: said, toolCalls, ...call } }
}

const succeeded: NewRunEvent = { type: 'run.succeeded', data: { output: 'done' } }

function short(events: readonly AGUIEvent[]): string[] {
  return events.map((event) => {
    if (event.type === 'TEXT_MESSAGE_CONTENT') return `"${event.delta}"`
    if (event.type === 'TEXT_MESSAGE_START' || event.type === 'TEXT_MESSAGE_END')
      return `${event.type.replace('TEXT_MESSAGE_', '')} ${event.messageId}`
    return event.type
  })
}

/** What the official client says when it reads the events from the wire: undefined when their order is right. */
function violation(events: readonly AGUIEvent[]): Promise<unknown> {
  const encoder = new EventEncoder()
  const body = events.map((event) => encoder.encodeSSE(event)).join('')
  const response = new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  const read = verifyEvents()(transformHttpEventStream(runHttpRequest(async () => response)))
  return new Promise((resolve) => {
    read.subscribe({ error: resolve, complete: () => resolve(undefined) })
  })
}

/** Checks the order with the official client, and returns the events in short. */
async function checked(...items: Item[]): Promise<string[]> {
  const events = translate(...items)
  expect(await violation(events)).toBeUndefined()
  return short(events)
}

it('text that arrives live becomes one message, and its end adds nothing', async () => {
  expect(
    await checked(text('model:1', 0, 'Hel'), text('model:1', 3, 'lo'), finished('model:1', 'Hello'), succeeded),
  ).toEqual(['RUN_STARTED', 'START run:model:1', '"Hel"', '"lo"', 'END run:model:1', 'RUN_FINISHED'])
})

it('text of which only the end was missed live is completed from the journal', async () => {
  expect(await checked(text('model:1', 0, 'Hel'), finished('model:1', 'Hello'), succeeded)).toEqual([
    'RUN_STARTED',
    'START run:model:1',
    '"Hel"',
    '"lo"',
    'END run:model:1',
    'RUN_FINISHED',
  ])
})

it('a viewer that joined in the middle gets the whole text when the step ends', async () => {
  expect(await checked(text('model:1', 3, 'lo'), finished('model:1', 'Hello'), succeeded)).toEqual([
    'RUN_STARTED',
    'START run:model:1',
    '"Hello"',
    'END run:model:1',
    'RUN_FINISHED',
  ])
})

it('a repeated attempt closes the broken message and comes as a new one, each time', async () => {
  const events = await checked(
    text('model:1', 0, 'Bro'),
    text('model:1', 0, 'Brok'),
    text('model:1', 0, 'Whole'),
    finished('model:1', 'Whole'),
    succeeded,
  )
  expect(events).toEqual([
    'RUN_STARTED',
    'START run:model:1',
    '"Bro"',
    'END run:model:1',
    'START run:model:1:2',
    '"Brok"',
    'END run:model:1:2',
    'START run:model:1:3',
    '"Whole"',
    'END run:model:1:3',
    'RUN_FINISHED',
  ])
})

it('an attempt whose repetition was not seen live is corrected from the journal', async () => {
  expect(await checked(text('model:1', 0, 'Bro'), finished('model:1', 'Whole'), succeeded)).toEqual([
    'RUN_STARTED',
    'START run:model:1',
    '"Bro"',
    'END run:model:1',
    'START run:model:1:2',
    '"Whole"',
    'END run:model:1:2',
    'RUN_FINISHED',
  ])
})

it('what comes in place of a broken message says so', () => {
  const events = translate(text('model:1', 0, 'Bro'), finished('model:1', 'Whole'), succeeded)
  expect(events.filter(({ type }) => type === 'TEXT_MESSAGE_START').map(({ metadata }) => metadata)).toEqual([
    undefined,
    { replaces: 'run:model:1' },
  ])
})

describe('tool calls', () => {
  const call = (id: string) => ({ id, name: 'calculate', input: { expression: '1+1' } })

  it('parallel calls are announced under the message that asked for them, then answered in any order', async () => {
    const events = translate(
      text('model:1', 0, 'Let me see.'),
      finished('model:1', 'Let me see.', [call('a'), call('b')]),
      toolFinished('tool:2', 'b', { output: { result: 2 } }),
      toolFinished('tool:1', 'a', { error: 'It failed.' }),
      finished('model:2', 'Two.'),
      succeeded,
    )
    expect(await violation(events)).toBeUndefined()
    expect(events.filter(({ type }) => type === 'TOOL_CALL_START')).toMatchObject([
      { toolCallId: 'a', parentMessageId: 'run:model:1' },
      { toolCallId: 'b', parentMessageId: 'run:model:1' },
    ])
    expect(events.filter(({ type }) => type === 'TOOL_CALL_RESULT')).toMatchObject([
      { toolCallId: 'b', content: '{"result":2}' },
      { toolCallId: 'a', content: 'It failed.' },
    ])
  })

  it('a call without text has no parent message', async () => {
    const events = translate(finished('model:1', '', [call('a')]))
    expect(short(events)).toEqual(['RUN_STARTED', 'TOOL_CALL_START', 'TOOL_CALL_ARGS', 'TOOL_CALL_END'])
    expect(events[1]).not.toHaveProperty('parentMessageId')
  })

  it('a delegation is answered like a tool', async () => {
    const data = { step: 'child:1', toolCallId: 'a', runId: 'child', status: 'succeeded' as const, error: null }
    const events = translate(finished('model:1', '', [call('a')]), {
      type: 'child.finished',
      data: { ...data, output: 'the answer' },
    })
    expect(events.at(-1)).toMatchObject({ type: 'TOOL_CALL_RESULT', toolCallId: 'a', content: 'the answer' })
  })
})

describe('interrupts', () => {
  const request: EventData<'approval.requested'> = {
    ...{ step: 'tool:1', approvalId: 'approval', kind: 'tool', tool: 'pay', toolCallId: 'a', reason: 'It is risky.' },
    ...{ arguments: { amount: 1 }, argumentsHash: 'hash', approvers: { actors: [], roles: [] }, quorum: 1 },
    ...{ allowSelf: false, expiresAt: '2026-11-23T00:00:00.000Z', onExpiry: 'reject' },
  }
  const wait = { step: 'tool:1', kind: 'approval' as const, until: null, approvalId: 'approval' }
  const asked: NewRunEvent = { type: 'approval.requested', data: request }

  it('a run that waits for approvals only ends the stream with them', async () => {
    const events = translate(finished('model:1', 'I pay.', [{ id: 'a', name: 'pay', input: { amount: 1 } }]), asked, {
      type: 'run.waiting',
      data: { waits: [wait] },
    })
    expect(await violation(events)).toBeUndefined()
    expect(events.at(-1)).toMatchObject({
      type: 'RUN_FINISHED',
      outcome: {
        type: 'interrupt',
        interrupts: [{ id: 'approval', toolCallId: 'a', message: 'It is risky.', expiresAt: request.expiresAt }],
      },
    })
  })

  it.each(['timer', 'child'] as const)('one that waits for a %s as well goes on by itself', async (kind) => {
    const events = await checked(
      asked,
      { type: 'run.waiting', data: { waits: [wait, { step: 'other:1', kind, until: null }] } },
      succeeded,
    )
    expect(events).toEqual(['RUN_STARTED', 'CUSTOM', 'CUSTOM', 'RUN_FINISHED'])
  })
})

describe('ends', () => {
  const failed: NewRunEvent = {
    type: 'run.failed',
    data: { error: { code: 'model_failed', message: 'The model is down.' } },
  }

  it('a failed run closes its open message and ends with RUN_ERROR', async () => {
    expect(await checked(text('model:1', 0, 'Hel'), failed)).toEqual([
      'RUN_STARTED',
      'START run:model:1',
      '"Hel"',
      'END run:model:1',
      'RUN_ERROR',
    ])
  })

  it('a failure that was redriven is no end', async () => {
    expect(
      await checked(failed, { type: 'run.redriven', data: { by: 'ada' } }, finished('model:1', 'Hello'), succeeded),
    ).toEqual(['RUN_STARTED', 'START run:model:1', '"Hello"', 'END run:model:1', 'RUN_FINISHED'])
  })

  it('a cancelled run ends as cancelled', async () => {
    const events = translate(text('model:1', 0, 'Hel'), { type: 'run.cancelled', data: { by: 'ada' } })
    expect(await violation(events)).toBeUndefined()
    expect(events.at(-1)).toMatchObject({ type: 'RUN_FINISHED', outcome: { type: 'cancelled' } })
  })
})

function toolFinished(step: string, toolCallId: string, result: { output?: unknown; error?: string }): NewRunEvent {
  return { type: 'tool.finished', data: { step, toolCallId, name: 'calculate', latencyMs: 1, ...result } }
}
