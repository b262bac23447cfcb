import { createTestPlatform, type TestPlatform, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cancelRun } from '../runs/control-run.ts'
import { startRun } from '../runs/start-run.ts'
import { type Bus, LocalBus } from './bus.ts'
import { RemoteBus, type WireMessage } from './remote-bus.ts'

const say = (bus: Bus, runId: string, offset: number, delta: string) =>
  bus.publish({ kind: 'text', runId, delta: { type: 'text.delta', step: 'model:1', offset, delta } })
const textsOf = (bus: Bus, runId: string) => bus.partialTexts(runId).map(({ delta }) => delta)

describe('partial texts', () => {
  let on: TestPlatform
  beforeAll(async () => {
    on = await createTestPlatform()
  })
  afterAll(() => on.close())

  test('are kept for the thousand runs that spoke last', () => {
    const bus = new LocalBus()
    for (let run = 0; run < 1_000; run += 1) say(bus, `run-${run}`, 0, 'a')
    say(bus, 'run-0', 1, 'b')
    say(bus, 'run-1000', 0, 'a')
    expect(textsOf(bus, 'run-0')).toEqual(['ab'])
    expect(textsOf(bus, 'run-1')).toEqual([])
    expect(textsOf(bus, 'run-1000')).toEqual(['a'])
  })

  test('of a run that is cancelled while no worker has it are dropped', async () => {
    const { bus } = on.platform
    const caller = on.caller(on.acme)
    const input = { agent: 'assistant', message: 'hello', environment: 'production' as const, metadata: {} }
    const { runId } = await startRun(caller, input)
    say(bus, runId, 0, 'cut off')
    await cancelRun(caller, runId)
    expect(textsOf(bus, runId)).toEqual([])
  })
})

describe('between processes', () => {
  /** Sends when it is told to. */
  class HeldBus extends RemoteBus {
    readonly sent: (readonly WireMessage[])[] = []
    go = Promise.withResolvers<void>()

    protected override async send(messages: readonly WireMessage[]): Promise<void> {
      this.sent.push(messages)
      await this.go.promise
    }
  }

  test('a hint that is given often in a short time is told once, and text in few pieces', async () => {
    const bus = new HeldBus()
    for (let times = 0; times < 100; times += 1) {
      bus.publish({ kind: 'work' })
      say(bus, 'run', times, 'x')
    }
    await waitFor(() => bus.sent.length === 1)
    expect(bus.sent[0]).toHaveLength(2)
    bus.go.resolve()
    await bus.close()
  })

  test('what can not be sent is dropped, not piled up, and holds nobody up', async () => {
    const bus = new HeldBus()
    let heard = 0
    bus.onWork(() => {
      heard += 1
    })
    bus.publish({ kind: 'work' })
    await waitFor(() => bus.sent.length === 1)
    for (let run = 0; run < 50_000; run += 1) bus.publish({ kind: 'run', runId: `run-${run}` })
    bus.publish({ kind: 'work' })
    expect(heard).toBe(2)
    bus.go.resolve()
    await waitFor(() => bus.sent.length === 2)
    expect(bus.sent[1]).toHaveLength(10_000)
    await bus.close()
  })
})
