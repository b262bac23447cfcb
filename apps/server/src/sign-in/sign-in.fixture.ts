import { registerOwner } from '@freehold/core'
import {
  createTestPlatform,
  readResponse,
  signInAtProvider,
  startOidcServer,
  type TestPlatform,
  type TestResponse,
  waitFor,
} from '@freehold/testkit'
import { z } from 'zod'
import { type Mailbox, startMailbox } from '../mail/mailbox.fixture.ts'

export const publicUrl = 'http://localhost:3000'

/** A browser: keeps cookies, sends its origin. It is on the pages of `origin`. */
export interface Browser {
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<TestResponse>
  /** The `Cookie` header that it sends here. */
  cookies(): string
}

export function openBrowser(on: Pick<TestPlatform, 'fetch'>, origin = publicUrl): Browser {
  const jar = new Map<string, string>()
  const cookies = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  return {
    cookies,
    async send(method, path, body, headers = {}) {
      const response = await on.fetch(
        new Request(origin + path, {
          method,
          headers: {
            ...(method !== 'GET' && { origin }),
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

/** The path of the link in the newest mail to someone. */
export async function linkTo(mailbox: Mailbox, email: string, what: RegExp, origin = publicUrl): Promise<string> {
  const link = () => mailbox.find(email)?.split(`${origin}/auth/`)[1]?.match(/^\S+/)?.[0]
  const found = await waitFor(async () => (what.test(link() ?? '') ? link() : undefined), {
    what: `a mail to ${email}`,
  })
  return `/auth/${found}`
}

/** Comes by the OpenID Connect provider `works`, as somebody there. */
export async function signInAs(on: Pick<TestPlatform, 'fetch'>, login: string) {
  const browser = openBrowser(on)
  const start = await browser.send('POST', '/auth/sign-in/social', { provider: 'works', callbackURL: '/home' })
  const { url } = z.object({ url: z.string() }).parse(start.body)
  const callback = await signInAtProvider(url, login)
  const { headers } = await browser.send('GET', callback.slice(publicUrl.length))
  return { browser, callback, to: headers.get('location') }
}

/** With the owner `owner@example.com`, the provider `works` and mails by SMTP, which all close with it. */
export async function createSignInPlatform(env: Record<string, string> = {}) {
  const mailbox = await startMailbox()
  const oidc = await startOidcServer(`${publicUrl}/auth/callback/works`)
  const on = await createTestPlatform({
    env: {
      FREEHOLD_PUBLIC_URL: publicUrl,
      FREEHOLD_OWNER_EMAIL: 'owner@example.com',
      FREEHOLD_SIGN_IN_ATTEMPTS_PER_MINUTE: '10000',
      FREEHOLD_SMTP_URL: mailbox.url,
      FREEHOLD_MAIL_FROM: 'Freehold <freehold@example.com>',
      FREEHOLD_OIDC_PROVIDERS: 'works',
      FREEHOLD_OIDC_WORKS_ISSUER: oidc.issuer,
      FREEHOLD_OIDC_WORKS_CLIENT_ID: 'freehold',
      FREEHOLD_OIDC_WORKS_CLIENT_SECRET: 'a secret of the provider',
      ...env,
    },
  })
  const owner = await on.signIn.ensureOwner(undefined, (person) =>
    registerOwner(on.caller(on.acme), person, [on.acme.id]),
  )
  if (!owner) throw new Error('there should be an owner')
  const close = async () => {
    await on.close()
    await oidc.close()
    await mailbox.close()
  }
  return { on, owner, mailbox, close }
}
