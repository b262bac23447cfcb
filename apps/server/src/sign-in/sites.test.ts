import { codeOf, type TestPlatform, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Mailbox } from '../mail/mailbox.fixture.ts'
import type { Owner } from './owner.ts'
import { createSignInPlatform, linkTo, openBrowser, publicUrl } from './sign-in.fixture.ts'

const host = 'agents.acme.example'
const hostUrl = `http://${host}:3000`
const password = 'correct horse battery'
let on: TestPlatform
let owner: Owner
let mailbox: Mailbox
let close: () => Promise<void>

beforeAll(async () => {
  ;({ on, owner, mailbox, close } = await createSignInPlatform({ FREEHOLD_DASHBOARD: 'on' }))
  const client = on.client(on.acme.key)
  await client.putBranding({ body: { name: 'Acme Agents', sender: { replyTo: 'help@acme.example' } } })
  await client.claimHost({ body: { host } })
  await client.verifyHost()
})

afterAll(() => close())

async function signedIn(origin: string, credentials: Owner = owner) {
  const browser = openBrowser(on, origin)
  expect(await browser.send('POST', '/auth/sign-in/email', credentials)).toMatchObject({ status: 200 })
  return browser
}

/** Somebody who was invited to both tenants, and signed up on the host of one. */
async function joinBoth(email: string): Promise<Owner> {
  const browser = openBrowser(on, hostUrl)
  const invite = (key: string) => on.client(key).createInvitation({ body: { email, roles: ['admin'] } })
  const tokens = [(await invite(on.acme.key)).token, (await invite(on.globex.key)).token]
  await browser.send('POST', '/auth/sign-up/email', { email, password, name: 'Ada' })
  const link = await linkTo(mailbox, email, /verify-email/, hostUrl)
  expect(await browser.send('GET', link)).toMatchObject({ status: 302 })
  for (const token of tokens) {
    expect(await browser.send('POST', '/api/v1/invitations/accept', { token })).toMatchObject({ status: 200 })
  }
  return { email, password }
}

/** As it is read, without what the mail server adds. */
const readMail = (email: string) => mailbox.find(email)?.replaceAll(/^(Message-ID|Date):.*/gm, '') ?? ''

test('people sign up and in on the host of their tenant, whose mails say nothing of the installation', async () => {
  const email = 'alan@example.com'
  const { token } = await on.client(on.acme.key).createInvitation({ body: { email, roles: ['viewer'] } })
  await waitFor(() => readMail(email).includes(`${hostUrl}/invitations/${token}`))
  const invitation = readMail(email)
  const browser = openBrowser(on, hostUrl)
  await browser.send('POST', '/auth/sign-up/email', { email, password, name: 'Alan' })
  const link = await linkTo(mailbox, email, /verify-email/, hostUrl)
  for (const mail of [invitation, readMail(email)]) {
    expect(mail).toContain('From: Acme Agents <freehold@example.com>')
    expect(mail).toContain('Reply-To: help@acme.example')
    // The address that mails come from stays the installation's.
    expect(mail.replace('<freehold@example.com>', '')).not.toMatch(/freehold/i)
  }
  expect(await browser.send('GET', link)).toMatchObject({ status: 302 })
  const { body } = await (await signedIn(hostUrl, { email, password })).send('GET', '/auth/get-session')
  expect(body).toMatchObject({ user: { name: 'Alan' } })
})

test('there they are in that tenant, in no other, and nobody in the installation', async () => {
  const credentials = await joinBoth('grace@example.com')
  const browser = await signedIn(hostUrl, credentials)
  const { body } = await browser.send('GET', '/api/v1/whoami')
  expect(body).toMatchObject({ tenant: { name: 'acme' }, memberships: [{ name: 'acme' }] })
  const elsewhere = await browser.send('GET', '/api/v1/whoami', undefined, { 'x-tenant-id': 'globex' })
  expect(elsewhere).toMatchObject({ status: 403 })
  expect(elsewhere.text).toContain('Yours: acme.')
  const atHome = await (await signedIn(publicUrl, credentials)).send('GET', '/api/v1/whoami')
  expect(atHome.body).toMatchObject({ memberships: [{ name: 'acme' }, { name: 'globex' }] })

  expect(await on.signIn.vouchForSession(browser.cookies(), host)).toMatchObject({ confinedTo: on.acme.id })
  const asOwner = await signedIn(hostUrl)
  expect(await asOwner.send('GET', '/api/v1/tenants')).toMatchObject({ status: 403 })
  expect(await (await signedIn(publicUrl)).send('GET', '/api/v1/tenants')).toMatchObject({ status: 200 })
})

test('a session of one host is none on another, for sign-in as for the api', async () => {
  for (const [from, to] of [
    [hostUrl, publicUrl],
    [publicUrl, hostUrl],
  ] as const) {
    const cookie = (await signedIn(from)).cookies()
    const stolen = openBrowser(on, to)
    expect(await stolen.send('GET', '/api/v1/whoami', undefined, { cookie })).toMatchObject({ status: 401 })
    expect(await stolen.send('GET', '/auth/get-session', undefined, { cookie })).toMatchObject({ body: null })
    const posted = await stolen.send('POST', '/auth/update-user', { name: 'Mallory' }, { cookie })
    expect(posted).toMatchObject({ status: 401 })
  }
})

test('pages of another host change nothing there', async () => {
  const browser = await signedIn(hostUrl)
  const body = { token: 'a token' }
  const origin = { origin: 'http://agents.globex.example:3000' }
  expect(await browser.send('POST', '/api/v1/invitations/accept', body, origin)).toMatchObject({ status: 403 })
  expect(await browser.send('POST', '/auth/update-user', { name: 'Mallory' }, origin)).toMatchObject({ status: 403 })
})

test('nobody signs in on a host that is no tenant’s, and a session ends with the host', async () => {
  const unknown = openBrowser(on, 'http://agents.globex.example:3000')
  expect(await unknown.send('POST', '/auth/sign-in/email', owner)).toMatchObject({ status: 403 })

  const client = on.client(on.globex.key)
  await client.claimHost({ body: { host: 'agents.globex.example' } })
  expect(await unknown.send('POST', '/auth/sign-in/email', owner)).toMatchObject({ status: 403 })
  await client.verifyHost()
  expect(await unknown.send('POST', '/auth/sign-in/email', owner)).toMatchObject({ status: 200 })
  await client.releaseHost()
  expect(await unknown.send('GET', '/auth/get-session')).toMatchObject({ body: null })
})

test('a second factor is the same on every host, under the name of the one that it was set up on', async () => {
  const credentials = await joinBoth('joan@example.com')
  const browser = await signedIn(hostUrl, credentials)
  const enabled = await browser.send('POST', '/auth/two-factor/enable', { password })
  const { totpURI } = z.object({ totpURI: z.string() }).parse(enabled.body)
  expect(new URL(totpURI).searchParams.get('issuer')).toBe('Acme Agents')
  expect(await browser.send('POST', '/auth/two-factor/verify-totp', { code: codeOf(totpURI) })).toMatchObject({
    status: 200,
  })
  const atHome = openBrowser(on)
  expect(await atHome.send('POST', '/auth/sign-in/email', credentials)).toMatchObject({
    body: { twoFactorRedirect: true },
  })
  const code = codeOf(totpURI)
  expect(await atHome.send('POST', '/auth/two-factor/verify-totp', { code })).toMatchObject({ status: 200 })
})

test('a passkey belongs to the host that it was made on, and is of its name', async () => {
  const browser = await signedIn(hostUrl)
  const { body } = await browser.send('GET', '/auth/passkey/generate-register-options')
  expect(body).toMatchObject({ rp: { id: host, name: 'Acme Agents' } })
})

test('what a page offers to sign in by is asked without credentials; providers lead to the host of the installation', async () => {
  const path = '/api/v1/public/sign-in'
  expect(await openBrowser(on).send('GET', path)).toMatchObject({
    status: 200,
    body: { signUp: 'invited', providers: [{ id: 'works', name: 'works' }] },
  })
  expect(await openBrowser(on, hostUrl).send('GET', path)).toMatchObject({ body: { providers: [] } })
})
