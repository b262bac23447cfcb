import { FreeholdError } from '@freehold/contracts'
import { toWebStream } from '@freehold/core'
import { Agent, type Dispatcher } from 'undici'

/** Those of the connection are for the gateway. */
const hopByHop: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'expect'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
])

/** Pages know people by their sessions, and need no key. */
const notForPages: ReadonlySet<string> = new Set([...hopByHop, 'authorization'])

export interface Dashboard {
  /** The address is that of who asks. */
  answer(request: Request, address: string): Promise<Response>
  close(): Promise<void>
}

/**
 * Passes requests for pages on to the dashboard, with the session that they came with, and its answers back as they are.
 * `find` tells where it listens now; undefined while it is being built or started.
 */
export function createDashboard(find: () => string | undefined): Dashboard {
  const agent = new Agent({ keepAliveTimeout: 1_000 })
  return {
    async answer(request, address) {
      const url = find()
      if (url === undefined) return starting()
      try {
        return await pass(agent, url, request, address)
      } catch (error) {
        request.signal.throwIfAborted()
        throw new FreeholdError('unavailable', 'The dashboard can not be reached right now. Try again in a moment.', {
          cause: error,
          retryAfterSeconds: 2,
        })
      }
    },
    close: () => agent.close(),
  }
}

async function pass(agent: Dispatcher, url: string, request: Request, address: string): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !notForPages.has(name)))
  // Not by `fetch`, which would undo the compression that the browser is to get.
  const answer = await agent.request({
    origin: url,
    path: pathname + search,
    method: request.method === 'HEAD' ? 'HEAD' : 'GET',
    headers: { ...headers, 'x-forwarded-for': address },
    signal: request.signal,
  })
  const kept = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || hopByHop.has(name)) continue
    for (const each of [value].flat()) kept.append(name, each)
  }
  const isEmpty = answer.statusCode === 204 || answer.statusCode === 304 || request.method === 'HEAD'
  if (isEmpty) await answer.body.dump()
  return new Response(isEmpty ? null : toWebStream(answer.body), { status: answer.statusCode, headers: kept })
}

const startingPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2"><title>One moment</title>
<style>:root{color-scheme:light dark}body{display:grid;place-items:center;min-height:100vh;margin:0;font:15px system-ui,sans-serif}
p{max-width:26rem;padding:1rem;text-align:center;line-height:1.6}</style></head>
<body><p role="status"><b>The dashboard is being built.</b><br>This happens once and takes about half a minute. The API is up already; this page comes by itself.</p></body></html>
`

function starting(): Response {
  return new Response(startingPage, {
    status: 503,
    headers: { 'content-type': 'text/html; charset=utf-8', 'retry-after': '2', 'cache-control': 'no-store' },
  })
}
