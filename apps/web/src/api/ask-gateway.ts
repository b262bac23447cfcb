import 'server-only'
import { headers } from 'next/headers'
import { type Dispatcher, request } from 'undici'

/**
 * A `fetch` that asks the gateway under the host that the browser asked, by which it knows the tenant and the sessions that
 * count. The global one sends the host of the URL, whatever it is told.
 */
export const askGateway: typeof fetch = async (input, init) => {
  const asked = new Request(input, init)
  const host = (await headers()).get('host') ?? ''
  const answer = await request(asked.url, {
    method: asked.method as Dispatcher.HttpMethod,
    headers: { ...Object.fromEntries(asked.headers), host },
    body: asked.body && Buffer.from(await asked.arrayBuffer()),
    signal: asked.signal,
  })
  const body = await answer.body.arrayBuffer()
  return new Response(body.byteLength === 0 ? null : body, {
    status: answer.statusCode,
    headers: { 'content-type': String(answer.headers['content-type'] ?? '') },
  })
}
