import { type Origins, ownHostsOf } from '../sign-in/origins.ts'

/** RFC 1035, section 2.3.4. */
const maxHostLength = 253

/** The host that was asked, without its port and in the one way of writing it; nothing for what is none. */
export function askedHost(request: Request): string {
  const given = request.headers.get('host') ?? new URL(request.url).host
  const host = /^([a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::\d{1,5})?$/i.exec(given.slice(0, maxHostLength + 1))?.[1] ?? ''
  return host.length <= maxHostLength ? host.toLowerCase() : ''
}

/** Tells the host that was asked where it is none of the installation's own: perhaps it is a tenant's. */
export function createForeignHostReader(origins: Origins): (request: Request) => string | undefined {
  const own = new Set(ownHostsOf(origins))
  return (request) => {
    const host = askedHost(request)
    return host === '' || own.has(host) ? undefined : host
  }
}
