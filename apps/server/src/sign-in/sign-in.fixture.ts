import { registerOwner } from '@freehold/core'
import { createTestPlatform, readResponse, type TestPlatform, type TestResponse } from '@freehold/testkit'

export const publicUrl = 'http://localhost:3000'

/** A browser: keeps cookies, sends its origin. */
export interface Browser {
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestResponse>
  /** The `Cookie` header that it sends here. */
  cookies(): string
}

export function openBrowser(on: Pick<TestPlatform, 'fetch'>): Browser {
  const jar = new Map<string, string>()
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    cookies,
    async send(method, path, body, headers = {}) {
      const response = await on.fetch(
        new Request(publicUrl + path, {
          method,
          headers: {
            ...(method !== 'GET' && { origin: publicUrl }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...(jar.size > 0 && { cookie: cookies() }),
            ...headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (/max-age=0/i.test(line)) jar.delete(name)
        else jar.set(name, value)
      }
      return readResponse(response)
    },
  }
}

/** With the owner `owner@example.com`. */
export async function createSignInPlatform(env: Record<string, string>, databaseUrl?: string) {
  const on = await createTestPlatform({
    ...(databaseUrl && { databaseUrl }),
    env: {
      FREEHOLD_PUBLIC_URL: publicUrl,
      FREEHOLD_OWNER_EMAIL: 'owner@example.com',
      FREEHOLD_SIGN_IN_ATTEMPTS_PER_MINUTE: '10000',
      ...env,
    },
  })
  const owner = await on.signIn.ensureOwner(undefined, (person) =>
    registerOwner(on.caller(on.acme), person, [on.acme.id]),
  )
  if (!owner) throw new Error('there should be an owner')
  return { on, owner }
}
