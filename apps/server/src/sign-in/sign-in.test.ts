import { codeOf, type TestPlatform } from '@freehold/testkit'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readConfig } from '../config.ts'
import { createGateway } from '../gateway/app.ts'
import { remoteApi } from '../gateway/forward.ts'
import { withinFiveSeconds } from '../gateway/within-five-seconds.fixture.ts'
import { createListener } from '../http/listener.ts'
import type { Mailbox } from '../mail/mailbox.fixture.ts'
import { createMinter } from '../service-token.ts'
import { createAuthenticator } from './authenticator.fixture.ts'
import type { Owner } from './owner.ts'
import { type Browser, createSignInPlatform, linkTo, openBrowser, publicUrl, signInAs } from './sign-in.fixture.ts'

const password = 'correct horse battery'
let on: TestPlatform
let owner: Owner
let mailbox: Mailbox
let close: () => Promise<void>

beforeAll(async () => {
  ;({ on, owner, mailbox, close } = await createSignInPlatform())
})

afterAll(() => close())

async function invite(email: string): Promise<string> {
  const { token } = await on.client(on.acme.key).createInvitation({ body: { email, roles: ['viewer'] } })
  return token
}

async function signedIn(credentials: Owner = owner) {
  const browser = openBrowser(on)
  expect(await browser.send('POST', '/auth/sign-in/email', credentials)).toMatchObject({ status: 200 })
  return browser
}

/** Someone with an account of their own. */
async function signUp(email: string): Promise<string> {
  const token = await invite(email)
  const browser = openBrowser(on)
  const answer = await browser.send('POST', '/auth/sign-up/email', { email, password, name: 'Someone' })
  expect(answer, answer.text).toMatchObject({ status: 200 })
  expect(await browser.send('GET', await linkTo(mailbox, email, /verify-email/))).toMatchObject({ status: 302 })
  return token
}

describe('signing up', () => {
  test('without an invitation is refused, and says so', async () => {
    for (const email of ['nobody@example.com', owner.email]) {
      const answer = await openBrowser(on).send('POST', '/auth/sign-up/email', { email, password, name: 'Nobody' })
      expect(answer).toMatchObject({ status: 403, body: { code: 'sign_up_by_invitation' } })
      expect(answer.text).toContain('no invitation for this address')
    }
  })

  test('with one lets nobody in before the address is proven', async () => {
    const email = 'ada@example.com'
    await invite(email)
    const browser = openBrowser(on)
    const answer = await browser.send('POST', '/auth/sign-up/email', { email, password, name: 'Ada' })
    expect(answer).toMatchObject({ status: 200, body: { token: null } })
    const early = await browser.send('POST', '/auth/sign-in/email', { email, password })
    expect(early).toMatchObject({ status: 403, body: { code: 'EMAIL_NOT_VERIFIED' } })
    await browser.send('GET', await linkTo(mailbox, email, /verify-email/))
    expect(await browser.send('GET', '/auth/get-session')).toMatchObject({ body: { user: { email } } })
    expect(await on.signIn.vouchForSession(browser.cookies())).toMatchObject({
      issuer: 'freehold',
      email,
      emailVerified: true,
    })
  })

  test('with a short password is refused', async () => {
    const email = 'short@example.com'
    await invite(email)
    const answer = await openBrowser(on).send('POST', '/auth/sign-up/email', { email, password: 'short', name: 'A' })
    expect(answer).toMatchObject({ status: 400, body: { code: 'PASSWORD_TOO_SHORT' } })
  })
})

describe('signing in', () => {
  test('with a wrong password gets the answer of an unknown address', async () => {
    const wrong = await openBrowser(on).send('POST', '/auth/sign-in/email', { ...owner, password: 'wrong password' })
    const unknown = await openBrowser(on).send('POST', '/auth/sign-in/email', { email: 'a@example.com', password })
    expect(wrong).toMatchObject({ status: 401, body: { code: 'INVALID_EMAIL_OR_PASSWORD' } })
    expect(unknown).toMatchObject({ status: wrong.status, text: wrong.text })
  })

  test('sets a cookie that no script reads and no other site sends along', async () => {
    const { headers } = await openBrowser(on).send('POST', '/auth/sign-in/email', owner)
    expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^auth\.session_token=.*HttpOnly; SameSite=Lax$/)])
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('from a foreign page is refused', async () => {
    const browser = await signedIn()
    for (const origin of ['https://evil.example.com', 'null', `${publicUrl}.evil.com`]) {
      expect(await browser.send('POST', '/auth/sign-in/email', owner, { origin })).toMatchObject({ status: 403 })
      expect(await browser.send('POST', '/auth/sign-out', {}, { origin })).toMatchObject({ status: 403 })
    }
    expect(await browser.send('GET', '/auth/get-session')).toMatchObject({ body: { user: { email: owner.email } } })
  })

  test('ends by signing out', async () => {
    const browser = await signedIn()
    const cookies = browser.cookies()
    expect(await browser.send('POST', '/auth/sign-out', {})).toMatchObject({ status: 200 })
    expect(await on.signIn.vouchForSession(cookies)).toBeUndefined()
  })

  test('is behind the gateway only', async () => {
    const answer = await on.apiFetch(new Request('http://api/auth/get-session'))
    expect(answer.status).toBe(401)
  })
})

describe('a forgotten password', () => {
  test('is set anew by a link in a mail, once, and that ends every session', async () => {
    const email = 'grace@example.com'
    await signUp(email)
    const before = await signedIn({ email, password })
    const ask = { email, redirectTo: '/reset' }
    expect(await openBrowser(on).send('POST', '/auth/request-password-reset', ask)).toMatchObject({ status: 200 })
    const link = await linkTo(mailbox, email, /reset-password/)
    const { headers } = await openBrowser(on).send('GET', link)
    const token = new URL(headers.get('location') ?? '').searchParams.get('token')
    const body = { token, newPassword: 'another password' }
    expect(await openBrowser(on).send('POST', '/auth/reset-password', body)).toMatchObject({ status: 200 })
    expect(await openBrowser(on).send('POST', '/auth/reset-password', body)).toMatchObject({ status: 400 })
    expect(await on.signIn.vouchForSession(before.cookies())).toBeUndefined()
    await signedIn({ email, password: 'another password' })
  })

  test('of an unknown address gets the same answer', async () => {
    const ask = (email: string) => openBrowser(on).send('POST', '/auth/request-password-reset', { email })
    expect((await ask('unknown@example.com')).text).toBe((await ask(owner.email)).text)
    expect(mailbox.find('unknown@example.com')).toBeUndefined()
  })

  test('is not sent on to a foreign page', async () => {
    const ask = { email: owner.email, redirectTo: 'https://evil.example.com/' }
    expect(await openBrowser(on).send('POST', '/auth/request-password-reset', ask)).toMatchObject({ status: 403 })
  })
})

describe('two factors', () => {
  test('are both needed: a password alone gives no session, a code or a backup code does', async () => {
    const email = 'two@example.com'
    await signUp(email)
    const browser = await signedIn({ email, password })
    const enabled = await browser.send('POST', '/auth/two-factor/enable', { password })
    const { totpURI, backupCodes } = z
      .object({ totpURI: z.string(), backupCodes: z.array(z.string()) })
      .parse(enabled.body)
    expect(await browser.send('POST', '/auth/two-factor/verify-totp', { code: codeOf(totpURI) })).toMatchObject({
      status: 200,
    })

    const other = openBrowser(on)
    const first = await other.send('POST', '/auth/sign-in/email', { email, password })
    expect(first).toMatchObject({ status: 200, body: { twoFactorRedirect: true } })
    expect(await other.send('GET', '/auth/get-session')).toMatchObject({ body: null })
    const wrong = codeOf(totpURI) === '000000' ? '111111' : '000000'
    expect(await other.send('POST', '/auth/two-factor/verify-totp', { code: wrong })).toMatchObject({ status: 401 })
    expect(await other.send('POST', '/auth/two-factor/verify-totp', { code: codeOf(totpURI) })).toMatchObject({
      status: 200,
    })
    expect(await other.send('GET', '/auth/get-session')).toMatchObject({ body: { user: { email } } })

    const [code] = backupCodes
    for (const status of [200, 401]) {
      const third = openBrowser(on)
      await third.send('POST', '/auth/sign-in/email', { email, password })
      expect(await third.send('POST', '/auth/two-factor/verify-backup-code', { code })).toMatchObject({ status })
    }
  })
})

describe('a passkey', () => {
  test('is registered, and signs in without a password', async () => {
    const browser = await signedIn()
    const challengeIn = (body: unknown) => z.object({ challenge: z.string() }).parse(body).challenge
    const authenticator = createAuthenticator('localhost', publicUrl)
    const options = await browser.send('GET', '/auth/passkey/generate-register-options')
    expect(options).toMatchObject({ status: 200, body: { rp: { id: 'localhost' }, user: { name: owner.email } } })
    const response = authenticator.register(challengeIn(options.body))
    const registered = await browser.send('POST', '/auth/passkey/verify-registration', { response, name: 'laptop' })
    expect(registered, registered.text).toMatchObject({ status: 200 })

    const other = openBrowser(on)
    const { body } = await other.send('GET', '/auth/passkey/generate-authenticate-options')
    const foreign = createAuthenticator('localhost', publicUrl).sign(challengeIn(body))
    expect(
      (await openBrowser(on).send('POST', '/auth/passkey/verify-authentication', { response: foreign })).status,
    ).toBeGreaterThanOrEqual(400)
    const assertion = authenticator.sign(challengeIn(body))
    const answer = await other.send('POST', '/auth/passkey/verify-authentication', { response: assertion })
    expect(answer, answer.text).toMatchObject({ status: 200 })
    expect(await other.send('GET', '/auth/get-session')).toMatchObject({ body: { user: { email: owner.email } } })
  })
})

test('a passkey is added soon after signing in only', async () => {
  const browser = await signedIn()
  await on.asSuperuser(`update freehold_auth.session set "createdAt" = now() - interval '16 minutes'`)
  expect(await browser.send('GET', '/auth/passkey/generate-register-options')).toMatchObject({
    status: 403,
    body: { code: 'SIGNED_IN_LONG_AGO', message: expect.stringContaining('Sign in again') },
  })
  expect(await (await signedIn()).send('GET', '/auth/passkey/generate-register-options')).toMatchObject({ status: 200 })
})

describe('an OpenID Connect provider', () => {
  test('signs in a person who is invited, and knows them again', async () => {
    await invite('eve@example.com')
    const { browser, to } = await signInAs(on, 'eve')
    expect(to).toBe('/home')
    const person = await on.signIn.vouchForSession(browser.cookies())
    expect(person).toMatchObject({ issuer: 'freehold', email: 'eve@example.com', emailVerified: true })
    const again = await signInAs(on, 'eve')
    expect(await on.signIn.vouchForSession(again.browser.cookies())).toEqual(person)
  })

  test('lets in nobody without an invitation, or whose address it does not vouch for', async () => {
    await invite('mallory@example.com')
    for (const login of ['uninvited', 'mallory']) {
      const { browser, to } = await signInAs(on, login)
      expect(to).toContain('error=')
      expect(await on.signIn.vouchForSession(browser.cookies())).toBeUndefined()
    }
  })

  test('gives an answer that only the browser that asked can use', async () => {
    await invite('tom@example.com')
    const { callback } = await signInAs(on, 'tom')
    const other = openBrowser(on)
    await other.send('GET', callback.slice(publicUrl.length))
    expect(await on.signIn.vouchForSession(other.cookies())).toBeUndefined()
  })
})

describe('sessions', () => {
  test('are listed, and a revoked one is no session any more', async () => {
    const email = 'sessions@example.com'
    await signUp(email)
    const here = await signedIn({ email, password })
    const there = await signedIn({ email, password })
    const { body } = await here.send('GET', '/auth/list-sessions')
    const sessions = z.array(z.object({ token: z.string() })).parse(body)
    const token = sessions.find((session) => there.cookies().includes(session.token))?.token
    expect(token).toBeDefined()
    expect(await here.send('POST', '/auth/revoke-session', { token })).toMatchObject({ status: 200 })
    expect(await on.signIn.vouchForSession(there.cookies())).toBeUndefined()
    expect(await on.signIn.vouchForSession(here.cookies())).toBeDefined()
  })

  test("of someone else can't be revoked", async () => {
    const email = 'meddler@example.com'
    await signUp(email)
    const victim = await signedIn()
    const token = /session_token=([^.]+)/.exec(victim.cookies())?.[1]
    await (await signedIn({ email, password })).send('POST', '/auth/revoke-session', { token })
    expect(await on.signIn.vouchForSession(victim.cookies())).toBeDefined()
  })

  test('with a forged cookie are none', async () => {
    const cookies = (await signedIn()).cookies()
    const forged = [cookies.slice(0, -6), cookies.replace(/\..*$/, ''), 'auth.session_token=a.b', '']
    for (const cookie of forged) expect(await on.signIn.vouchForSession(cookie), cookie).toBeUndefined()
  })
})

describe('a session at the api', () => {
  const ask = (browser: Browser, headers: Record<string, string> = {}) =>
    browser.send('GET', '/api/v1/whoami', undefined, headers)

  test('acts as the person, in the tenants that they belong to and no other', async () => {
    const browser = await signedIn()
    expect(await ask(browser)).toMatchObject({
      status: 200,
      body: { actor: { kind: 'person', name: 'Owner' }, tenant: { id: on.acme.id } },
    })
    expect(await ask(browser, { 'x-tenant-id': on.globex.id })).toMatchObject({ status: 403 })
    const run = await on.request(on.globex.key, 'POST', '/api/v1/agents/assistant/runs', { message: 'hello' })
    const { id } = z.object({ id: z.string() }).parse(run.body)
    expect(await browser.send('GET', `/api/v1/runs/${id}`)).toMatchObject({ status: 404 })
  })

  test('joins the tenant of an invitation', async () => {
    const email = 'joins@example.com'
    const token = await signUp(email)
    const browser = await signedIn({ email, password })
    expect(await ask(browser)).toMatchObject({ status: 200, body: { tenant: null } })
    expect(await browser.send('POST', '/api/v1/invitations/accept', { token })).toMatchObject({
      status: 200,
      body: { id: on.acme.id, roles: ['viewer'] },
    })
    expect(await ask(browser)).toMatchObject({ status: 200, body: { tenant: { id: on.acme.id } } })
  })

  test('changes nothing for a page of another origin, or one that does not say which', async () => {
    const browser = await signedIn()
    const start = (headers: Record<string, string>) =>
      browser.send('POST', '/api/v1/agents/assistant/runs', { message: 'hello' }, headers)
    for (const origin of ['https://evil.example.com', 'null', '']) {
      const answer = await start({ origin })
      expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
      expect(answer.text).toContain('the Origin header must be')
    }
    expect(await start({})).toMatchObject({ status: 202 })
  })

  test('ends within 5 s of being revoked', async () => {
    const browser = await signedIn()
    const cookie = browser.cookies()
    expect(await ask(browser)).toMatchObject({ status: 200 })
    await browser.send('POST', '/auth/sign-out', {})
    const ended = async () => (await ask(openBrowser(on), { cookie })).status === 401
    await withinFiveSeconds(ended, 'the session to end')
  })

  test('of an agent interface is taken too', async () => {
    const browser = await signedIn()
    const foreign = await browser.send('POST', '/agui/assistant', {}, { origin: 'https://evil.example.com' })
    expect(foreign).toMatchObject({ status: 403 })
    expect((await browser.send('POST', '/agui/assistant', {})).status).not.toBe(401)
  })
})

test('all of it works with the api behind HTTP, too', async () => {
  const config = readConfig({ FREEHOLD_DATA_DIR: on.dataDir }, 'all')
  const listener = createListener()
  const url = await listener.listen({ host: '127.0.0.1', port: 0 })
  listener.serve(on.apiFetch)
  const gateway = createGateway({
    mint: await createMinter(config),
    logger: pino({ level: 'silent' }),
    api: remoteApi(url),
    corsOrigins: [],
    origins: { publicUrl, trustedOrigins: [publicUrl] },
    signInAttemptsPerMinute: 3,
    rateLimitPerMinute: 100,
  })
  try {
    const browser = openBrowser({ fetch: async (request) => gateway.fetch(request) })
    expect(await browser.send('POST', '/auth/sign-in/email', owner)).toMatchObject({ status: 200 })
    expect(await browser.send('GET', '/api/v1/whoami')).toMatchObject({ body: { actor: { name: 'Owner' } } })
    const { status, headers } = await browser.send('POST', '/auth/sign-out', {})
    expect(status).toBe(200)
    expect(headers.getSetCookie().length).toBeGreaterThan(1)
    expect(browser.cookies()).toBe('')

    const wrong = { ...owner, password: 'a wrong password' }
    for (const expected of [401, 401, 401, 429]) {
      expect(await browser.send('POST', '/auth/sign-in/email', wrong)).toMatchObject({ status: expected })
    }
    const refused = await browser.send('POST', '/auth/sign-in/email', owner)
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
  } finally {
    await listener.close(0)
  }
})

test('no password, session or link of a mail is in the logs', async () => {
  const { cookies } = await signedIn()
  const logs = on.logs.join('')
  expect(logs).toContain('/auth/sign-in/email')
  const link = mailbox.find('grace@example.com')?.match(/reset-password\/(\w+)/)?.[1]
  for (const secret of [owner.password, password, 'another password', link, cookies().split('=')[1]?.split('.')[0]]) {
    expect(secret).toBeTruthy()
    expect(logs).not.toContain(secret)
  }
})
