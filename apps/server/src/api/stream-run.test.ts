import { createTestPlatform, type TestPlatform } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let on: TestPlatform

beforeAll(async () => {
  on = await createTestPlatform()
})

afterAll(() => on.close())

const sse = { accept: 'text/event-stream' }

async function startRun(key: string): Promise<string> {
  return (await on.client(key).startRun({ params: { name: 'assistant' }, body: { message: 'hello' } })).id
}

/** An event stream of each kind on a run that nobody executes, with what they say when they end. */
async function openStreams(key: string): Promise<{ rest: Promise<string>; agui: Promise<string> }> {
  const messages = [{ id: '1', role: 'user', content: 'hello' }]
  const runId = crypto.randomUUID()
  const input = { threadId: runId, runId, messages, state: {}, tools: [], context: [], forwardedProps: {} }
  const headers = { ...sse, authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const path = `/api/v1/runs/${await startRun(key)}/events`
  const [rest, agui] = await Promise.all([
    on.fetch(new Request(`http://gateway${path}`, { headers })),
    on.fetch(new Request('http://gateway/agui/assistant', { method: 'POST', headers, body: JSON.stringify(input) })),
  ])
  expect([rest.status, agui.status]).toEqual([200, 200])
  return { rest: rest.text(), agui: agui.text() }
}

test('open event streams end within seconds when their key is revoked or their tenant suspended; others go on', async () => {
  const acme = on.client(on.acme.key)
  const { id, apiKey } = await acme.createKey({ body: { name: 'to be revoked' } })
  const revoked = await openStreams(apiKey)
  const suspended = await openStreams(on.globex.key)
  const kept = await openStreams(on.acme.key)
  await acme.revokeKey({ params: { id } })
  await on.client(on.operatorKey).suspendTenant({ params: { id: on.globex.id } })
  expect(await revoked.rest).toContain('event: run.created')
  expect(await revoked.agui).toContain('RUN_STARTED')
  await Promise.all([suspended.rest, suspended.agui])
  expect(await Promise.race([kept.rest, kept.agui, Promise.resolve('still open')])).toBe('still open')
  for (const run of (await acme.listRuns()).items) await acme.cancelRun({ params: { id: run.id } })
  expect(await kept.rest).toContain('event: run.cancelled')
  expect(await kept.agui).toContain('RUN_FINISHED')
})

test('a stream of a run that is not there, or another tenant’s, is refused with a status', async () => {
  const initech = await on.createTenant('initech')
  for (const id of [crypto.randomUUID(), await startRun(initech.key)]) {
    const answer = await on.request(on.acme.key, 'GET', `/api/v1/runs/${id}/events`, undefined, sse)
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
  }
})

test('a stream is not narrowed to a step, and says so', async () => {
  const path = `/api/v1/runs/${await startRun(on.acme.key)}/events?step=model:1`
  expect(await on.request(on.acme.key, 'GET', path)).toMatchObject({ status: 200 })
  expect(await on.request(on.acme.key, 'GET', path, undefined, sse)).toMatchObject({
    status: 400,
    body: { detail: 'query.step: leave it out, a stream has every step' },
  })
})
