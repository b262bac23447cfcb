import type { Server } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'

interface Progress {
  taken: number
  at: number
}

/**
 * Closes connections whose other end has taken nothing for `stalledMs` of what waits for it. A response is read from its
 * source only as fast as the connection takes it, so this bounds how long such a one keeps memory, not how much.
 */
export function cutStalled(server: Server | HttpsServer, stalledMs: number): void {
  const connections = new Map<Socket, Progress>()
  server.on(server instanceof HttpsServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.set(socket, { taken: 0, at: performance.now() })
    socket.once('close', () => connections.delete(socket))
  })
  const check = setInterval(() => {
    const now = performance.now()
    for (const [socket, progress] of connections) {
      const taken = socket.bytesWritten - socket.writableLength
      if (socket.writableLength === 0 || taken !== progress.taken) connections.set(socket, { taken, at: now })
      else if (now - progress.at >= stalledMs) socket.destroy()
    }
  }, stalledMs / 4).unref()
  server.once('close', () => clearInterval(check))
}
