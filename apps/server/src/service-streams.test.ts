import { once } from 'node:events'
import { createTestPlatform, type TestPlatform, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createUpstreams } from './upstreams.fixture.ts'

const upstreams = createUpstreams()
let on: TestPlatform

const put = (name: string, url: string, key = on.acme.key) =>
  on.client(key).putService({ params: { name }, body: { environments: { production: { kind: 'http', url } } } })

beforeAll(async () => {
  on = await createTestPlatform({ egressAllow: '127.0.0.1', maxCallsAtOnce: 3 })
})
afterAll(async () => {
  await on.close()
  await upstreams.close()
})

describe('a call of a service', () => {
  it('streams both ways', async () => {
    const seen: string[] = []
    const { promise: firstPart, resolve: gotFirst } = Promise.withResolvers<void>()
    const url = await upstreams.startRaw((request, response) => {
      request.on('data', (part: Buffer) => {
        seen.push(part.toString())
        response.write(part)
        gotFirst()
      })
      request.on('end', () => response.end())
    })
    await put('echo', url)
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    const answering = on.fetch(
      new Request('http://gateway/api/v1/echo', {
        method: 'POST',
        // A body that doesn't say its length is read to its end by the gateway, which limits it.
        headers: { authorization: `Bearer ${on.acme.key}`, 'content-length': '12' },
        body: readable,
        ...{ duplex: 'half' },
      }),
    )
    void writer.write(Buffer.from('first '))
    await firstPart
    const answer = await answering
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('first ')
    void writer.write(Buffer.from('second'))
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('second')
    await writer.close()
    expect((await reader.read()).done).toBe(true)
    expect(seen).toEqual(['first ', 'second'])
  })

  it('holds no more of an answer than its reader takes', async () => {
    const size = 64 * 1024 * 1024
    let sent = 0
    const url = await upstreams.start(async (_, response) => {
      const part = Buffer.alloc(1024 * 1024)
      while (sent < size && !response.destroyed) {
        sent += part.length
        if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')])
      }
      response.end()
    })
    await put('large', url)
    const answer = await on.fetch(
      new Request('http://gateway/api/v1/large', { headers: { authorization: `Bearer ${on.acme.key}` } }),
    )
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    // What the sockets and the streams between hold is a fixed amount, whatever the answer has.
    expect(sent).toBeLessThan(size / 2)
    await reader.cancel()
  })

  it('that is under way takes no room from other tenants, and is counted until it has ended', async () => {
    const url = await upstreams.start((_, response) => void response.write('data: first\n\n'))
    for (const { key } of [on.acme, on.globex]) await put('endless', url, key)
    const leave = new AbortController()
    const call = (key: string, signal?: AbortSignal) =>
      on.fetch(
        new Request('http://gateway/api/v1/endless', {
          headers: { authorization: `Bearer ${key}` },
          ...(signal && { signal }),
        }),
      )
    const open = [await call(on.acme.key), await call(on.acme.key), await call(on.acme.key, leave.signal)]
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200])
    const refused = await call(on.acme.key)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    open.push(await call(on.globex.key))
    expect(open.at(-1)?.status).toBe(200)
    await open[0]?.body?.cancel()
    leave.abort()
    await waitFor(
      async () => {
        const answer = await call(on.acme.key)
        await answer.body?.cancel()
        return answer.status === 200
      },
      { what: 'a call that was left to have ended' },
    )
    for (const answer of open) await answer.body?.cancel().catch(() => {})
  })
})
