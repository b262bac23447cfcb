import { randomUUID } from 'node:crypto'
import { Server } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { FreeholdError } from '@freehold/contracts'
import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { ServerConfig } from '../config.ts'
import type { TlsIdentity, TlsMaterial } from '../tls/identity.ts'
import { cutStalled } from './cut-stalled.ts'
import { problemResponse } from './respond.ts'

/** How long a viewer can leave its stream unread. It comes back by cursor. */
const stalledViewerMs = 30_000

export type Fetch = (request: Request, env?: object) => Response | Promise<Response>

type Address = Pick<ServerConfig, 'host' | 'port'>

export interface Listener {
  /** Takes the port and returns the address. Throws an `Error` that says what to do when the port can't be had. */
  listen(config: Address): Promise<string>
  serve(next: Fetch): void
  /** Refuses everything new but `/health`. What is being answered goes on. */
  drain(): void
  close(graceMs: number): Promise<void>
}

interface ListenerOptions {
  stalledViewerMs?: number
  /** Take only who has a certificate of its CA; anyone, without TLS, when absent. */
  tls?: TlsIdentity | undefined
}

/** Listens before there is something to serve, so that the port is known and taken; until then it is not ready. */
export function createListener(options: ListenerOptions = {}): Listener {
  const { tls } = options
  let handler: Fetch = () => new Response('starting', { status: 503, headers: { 'retry-after': '1' } })
  const fetch: Fetch = (request, env) => handler(request, env)
  const server = tls ? createTlsServer(fetch, tls) : createAdaptorServer({ fetch })
  if (server instanceof Server || server instanceof HttpsServer)
    cutStalled(server, options.stalledViewerMs ?? stalledViewerMs)
  return {
    listen: (config: Address) =>
      new Promise<string>((resolve, reject) => {
        server.once('error', (error) => reject(explainListenError(error, config)))
        server.listen(config.port, config.host, () => {
          // A TCP server's address is never a pipe's name.
          const { port } = server.address() as AddressInfo
          const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host
          resolve(`${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`)
        })
      }),
    serve(next: Fetch) {
      handler = next
    },
    drain() {
      const before = handler
      handler = (request, env) => (new URL(request.url).pathname === '/health' ? before(request, env) : stopping())
    },
    /** Lets what is being answered end, for `graceMs` at the most. */
    close(graceMs: number): Promise<void> {
      handler = stopping
      if (!('closeIdleConnections' in server)) return new Promise((resolve) => server.close(() => resolve()))
      const idle = setInterval(() => server.closeIdleConnections(), 50)
      const late = setTimeout(() => server.closeAllConnections(), graceMs)
      return new Promise((resolve) => {
        server.close(() => {
          clearInterval(idle)
          clearTimeout(late)
          resolve()
        })
      })
    },
  }
}

function createTlsServer(fetch: Fetch, tls: TlsIdentity): ServerType {
  const contextOf = (material: TlsMaterial) => ({ ...material, minVersion: 'TLSv1.3' }) as const
  const serverOptions = { ...contextOf(tls.current()), requestCert: true, rejectUnauthorized: true }
  const server = createAdaptorServer({ fetch, createServer: createHttpsServer, serverOptions })
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => tls.report(error, socket))
  if (server instanceof HttpsServer) tls.onChange((material) => server.setSecureContext(contextOf(material)))
  return server
}

/** A viewer whose stream ended comes back on the connection that it has, again and again, unless that is closed. */
function stopping(): Response {
  const error = new FreeholdError('unavailable', 'The server is stopping. Try again in a moment.', {
    retryAfterSeconds: 1,
  })
  const response = problemResponse(error, randomUUID())
  response.headers.set('connection', 'close')
  return response
}

function explainListenError(error: Error, { host, port }: Address): Error {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new Error(`Port ${port} on ${host} is taken. Set PORT to another one.`, { cause: error })
  if (code === 'EACCES')
    return new Error(`Port ${port} on ${host} needs more rights. Set PORT above 1023.`, { cause: error })
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL')
    return new Error(`HOST "${host}" is no address of this machine. Set HOST to 127.0.0.1 or 0.0.0.0.`, {
      cause: error,
    })
  return error
}
