import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface OidcServer {
  issuer: string
  close(): Promise<void>
}

/** A real OpenID Connect provider. Whoever signs in as `ada` is `ada@example.com`; addresses of `mallory` are unproven. */
export async function startOidcServer(redirectUri: string): Promise<OidcServer> {
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  // Not at the top, because most tests have no use for it.
  const { default: Provider } = await import('oidc-provider')
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'freehold', client_secret: 'a secret of the provider', redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['a key of the provider'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== 'mallory', name: id }),
    }),
  })
  const handle = provider.callback()
  return {
    issuer,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Signs in at the provider as its own pages would have it, and gives the address that it sends the browser to. */
export async function signInAtProvider(authorizationUrl: string, login: string): Promise<string> {
  const { origin } = new URL(authorizationUrl)
  const fetchWithCookies = createCookieFetch()
  let url = authorizationUrl
  let form: URLSearchParams | undefined
  for (let step = 0; step < 12; step += 1) {
    const response = await fetchWithCookies(url, form)
    const text = await response.text()
    const location = response.headers.get('location')
    if (location) {
      url = new URL(location, url).href
      form = undefined
      if (!url.startsWith(origin)) return url
      continue
    }
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1]
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1]
    if (!prompt || !action) throw new Error(`the provider said ${response.status}: ${text}`)
    url = new URL(action, url).href
    form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login, password: 'any' }) })
  }
  throw new Error('the provider goes round in circles')
}

function createCookieFetch() {
  const jar = new Map<string, string>()
  return async (url: string, form: URLSearchParams | undefined): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: form }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(name, value)
    }
    return response
  }
}
