import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** A request as an upstream got it. */
interface Received {
  method: string
  url: string
  headers: IncomingMessage['headers']
  body: string
}

/** Servers on 127.0.0.1 that services lead to. */
export function createUpstreams() {
  const servers = new Map<string, Server>()
  const received: Received[] = []

  /** One that handles requests while they arrive. */
  async function startRaw(answer: RequestListener): Promise<string> {
    const server = createServer(answer)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    servers.set(url, server)
    return url
  }

  async function stop(url: string): Promise<void> {
    const server = servers.get(url)
    servers.delete(url)
    if (!server) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }

  return {
    received,
    startRaw,
    /** One that keeps what it receives. */
    start: (answer: RequestListener) =>
      startRaw(async (request, response) => {
        const { method = '', url = '', headers } = request
        received.push({ method, url, headers, body: await text(request).catch(() => 'broken') })
        answer(request, response)
      }),
    stop,
    async close() {
      for (const url of [...servers.keys()]) await stop(url)
    },
  }
}
