import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import type { TlsIdentity } from './identity.ts'

/** A `fetch` that shows our certificate, and takes only a server whose name our CA vouches for. Follows no redirect. */
export function createTlsFetch(tls: TlsIdentity): (request: Request) => Promise<Response> {
  const connectorOf = () => buildConnector({ ...tls.current(), minVersion: 'TLSv1.3', allowH2: false })
  let connect = connectorOf()
  tls.onChange(() => {
    connect = connectorOf()
  })
  const dispatcher = new Agent({ connect: (options, callback) => connect(options, callback) })
  return async ({ url, method, headers, body, signal }) => {
    const answer = await undiciFetch(url, {
      method,
      headers: [...headers],
      signal,
      redirect: 'manual',
      dispatcher,
      ...(body && { body, duplex: 'half' }),
    })
    // Node's own `fetch` is undici's: the classes are the same in all that their types promise.
    return answer as unknown as Response
  }
}
