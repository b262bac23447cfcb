import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'

export interface LocalServer extends AsyncDisposable {
  port: number
  /** Connections accepted so far. */
  connections: () => number
  /** Ends when every connection was closed by the client. A leaked one fails the test by its time limit. */
  allClosed: () => Promise<void>
}

export function startHttpServer(listener: RequestListener): Promise<LocalServer> {
  return listenLocally(createServer({ keepAliveTimeout: 0 }, listener))
}

/** Listens on 127.0.0.1. Disposing waits until the client has closed every connection. */
export async function listenLocally(server: Server): Promise<LocalServer> {
  const closed: Promise<unknown>[] = []
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {})
    closed.push(new Promise((resolve) => socket.once('close', resolve)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const allClosed = async () => void (await Promise.all(closed))
  return {
    port,
    connections: () => closed.length,
    allClosed,
    [Symbol.asyncDispose]: async () => {
      await allClosed()
      server.close()
      await once(server, 'close')
    },
  }
}
