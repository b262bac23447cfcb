import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createClient, type RunEvent } from '@freehold/contracts'
import { defineProgram } from '@freehold/runtime'
import { createTestPlatform, type TestPlatform, waitFor } from '@freehold/testkit'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { createGateway } from '../gateway/app.ts'
import { remoteApi } from '../gateway/forward.ts'
import { createMinter } from '../service-token.ts'
import { createListener, type Fetch, type Listener } from './listener.ts'

const stalledViewerMs = 3_000
// Together far more than what the buffers of two sockets in the kernel hold.
const steps = 16
const stepBytes = 512 * 1024

let on: TestPlatform
let listeners: Listener[]
let runId: string
/** The server's ends of the connections: the viewer's first, and then the gateway's to an api behind HTTP. */
let accepted: Socket[]
const onRequest = (message: unknown) => void accepted.push((message as { socket: Socket }).socket)

beforeAll(async () => {
  const talk = defineProgram('talk', async (run) => {
    for (let step = 0; step < steps; step += 1) await run.step('say', () => `${step} `.padEnd(stepBytes, 'x'))
  })
  on = await createTestPlatform({ programs: [talk], worker: true })
  const client = on.client(on.acme.key)
  await client.createAgent({ body: { name: 'talker', program: 'talk' } })
  runId = (await client.startRun({ params: { name: 'talker' }, body: { message: 'go' } })).id
  for await (const _ of client.watchRun(runId));
})
afterAll(() => on.close())

beforeEach(() => {
  accepted = []
  listeners = []
  channel('http.server.request.start').subscribe(onRequest)
})
afterEach(async () => {
  channel('http.server.request.start').unsubscribe(onRequest)
  await Promise.all(listeners.map((listener) => listener.close(0)))
})

async function listen(serve: Fetch): Promise<string> {
  const listener = createListener({ stalledViewerMs })
  listeners.push(listener)
  const url = await listener.listen({ port: 0, host: '127.0.0.1' })
  listener.serve(serve)
  return url
}

/** Starts a gateway with the api behind HTTP. */
async function listenInTwoProcesses(): Promise<string> {
  const gateway = createGateway({
    mint: await createMinter(readConfig({ FREEHOLD_DATA_DIR: on.dataDir }, 'all')),
    logger: pino({ level: 'silent' }),
    api: remoteApi(await listen(on.apiFetch)),
    corsOrigins: [],
    origins: { publicUrl: 'http://localhost:3000', trustedOrigins: [] },
    signInAttemptsPerMinute: 30,
    rateLimitPerMinute: 1_000,
  })
  return listen(gateway.fetch)
}

async function openStream(url: string): Promise<{ viewer: Socket; served: Socket }> {
  const viewer = connect(Number(new URL(url).port), '127.0.0.1')
  await once(viewer, 'connect')
  const headers = [`Host: ${new URL(url).host}`, `Authorization: Bearer ${on.acme.key}`, 'Accept: text/event-stream']
  viewer.write(`GET /api/v1/runs/${runId}/events HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
  const served = await waitFor(() => accepted[0], { what: 'the request to arrive' })
  return { viewer, served }
}

function lastEventIn(text: string): number {
  const complete = text.slice(0, text.lastIndexOf('\n\n'))
  return Number([...complete.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1])
}

test.each([
  ['in one process', () => listen(on.fetch)],
  ['through a gateway', listenInTwoProcesses],
])(
  '%s, a viewer that does not read costs little memory, is cut, and misses nothing when it comes back',
  async (_, open) => {
    const url = await open()
    const { viewer, served } = await openStream(url)
    await waitFor(() => served.writableLength > 0, { what: 'the server to be held up' })
    let pending = 0
    await waitFor(
      () => {
        pending = Math.max(pending, served.writableLength)
        return served.destroyed
      },
      { what: 'the viewer to be cut' },
    )
    expect(pending).toBeLessThan(256 * 1024)
    await waitFor(() => accepted.every(({ destroyed }) => destroyed), { what: 'the connection behind it to be cut' })
    // What the kernel held is still there to be read; then the connection is over.
    let text = ''
    viewer.on('data', (chunk) => {
      text += String(chunk)
    })
    viewer.on('error', () => {})
    await once(viewer, 'close')
    const after = lastEventIn(text)
    expect(after).toBeLessThan(steps)

    const client = createClient({ url, apiKey: on.acme.key })
    const rest: RunEvent[] = []
    for await (const event of client.watchRun(runId, { after })) if ('seq' in event) rest.push(event)
    expect(rest.map(({ seq }) => seq)).toEqual(
      Array.from({ length: steps + 3 - after }, (_, index) => after + 1 + index),
    )
  },
)

test('a viewer that reads slowly but steadily is not cut', async () => {
  const { viewer } = await openStream(await listen(on.fetch))
  const startedAt = performance.now()
  let end = ''
  for await (const chunk of viewer) {
    end = (end + String(chunk)).slice(-1_000)
    if (end.includes('event: run.succeeded')) break
    // Its pace, not a wait for something.
    if (performance.now() - startedAt < 1.5 * stalledViewerMs) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(performance.now() - startedAt).toBeGreaterThan(1.5 * stalledViewerMs)
  expect(end).toContain('event: run.succeeded')
})
