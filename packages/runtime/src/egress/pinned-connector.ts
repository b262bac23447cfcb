import { connect as connectTcp, isIP, type LookupFunction } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { buildConnector } from 'undici'

/**
 * Connects to the checked addresses, whatever the name would resolve to now; TLS still asks for the name and verifies it.
 * `signal` ends the socket in any state: undici itself cancels nothing before the connection stands.
 */
export function pinnedConnector(addresses: readonly string[], signal: AbortSignal): buildConnector.connector {
  return ({ hostname, port, protocol }, callback) => {
    const secure = protocol === 'https:'
    const options = {
      host: hostname,
      port: Number(port) || (secure ? 443 : 80),
      lookup: pinnedLookup(addresses),
    }
    const servername = isIP(hostname) === 0 ? hostname : ''
    const socket = secure
      ? connectTls({ ...options, servername, ALPNProtocols: ['http/1.1'] })
      : connectTcp({ ...options, noDelay: true })
    let connected = false
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      connected = true
      callback(null, socket)
    })
    socket.on('error', (error) => {
      if (!connected) callback(error, null)
    })
    addAbortSignal(signal, socket)
  }
}

function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const pinned = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_hostname, options, callback) => {
    const [first] = pinned
    if (first === undefined) callback(new Error('No checked address'), [])
    else if (options.all) callback(null, pinned)
    else callback(null, first.address, first.family)
  }
}
