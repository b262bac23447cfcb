import 'server-only'
import { headers } from 'next/headers'
import { type Dispatcher, request } from 'undici'

/** For an answer of the gateway. */
const withinMs = 20_000

/**
 * A `fetch` that asks the gateway from the address of whoever looks, and under the host that their browser asked, by which it
 * knows the tenant and the sessions that count. The global one sends the host of the URL, whatever it is told.
 */
export const askGateway: typeof fetch = async (input, init) => {
  const asked = new Request(input, init)
  const page = await headers()
  const passedOn = { host: page.get('host') ?? '', 'x-forwarded-for': page.get('x-forwarded-for') ?? '' }
  const answer = await request(asked.url, {
    method: asked.method as Dispatcher.HttpMethod,
    headers: { ...Object.fromEntries(asked.headers), ...passedOn },
    body: asked.body && Buffer.from(await asked.arrayBuffer()),
    signal: AbortSignal.any([asked.signal, AbortSignal.timeout(withinMs)]),
  })
  const body = await answer.body.arrayBuffer()
  return new Response(body.byteLength === 0 ? null : body, {
    status: answer.statusCode,
    headers: { 'content-type': String(answer.headers['content-type'] ?? '') },
  })
}
