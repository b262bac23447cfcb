import { type TestPlatform, waitFor } from '@freehold/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Mailbox } from '../mail/mailbox.fixture.ts'
import { type Browser, createSignInPlatform, linkTo, openBrowser, signInAs } from './sign-in.fixture.ts'

const password = 'correct horse battery'
let on: TestPlatform
let mailbox: Mailbox
let close: () => Promise<void>

beforeAll(async () => {
  ;({ on, mailbox, close } = await createSignInPlatform())
})

afterAll(() => close())

const squatted = 'of the squatter'

/** The invited person gets the mail that the squatter caused. */
async function squat(email: string) {
  const { token } = await on.client(on.acme.key).createInvitation({ body: { email, roles: ['viewer'] } })
  const squatter = openBrowser(on)
  await squatter.send('POST', '/auth/sign-up/email', { email, password: squatted, name: 'Squatter' })
  return { token, squatter, link: await linkTo(mailbox, email, /verify-email/) }
}

async function expectSquatterIsOut(squatter: Browser, email: string): Promise<void> {
  const answer = await squatter.send('POST', '/auth/sign-in/email', { email, password: squatted })
  expect(answer).toMatchObject({ status: 401, body: { code: 'INVALID_EMAIL_OR_PASSWORD' } })
  expect(await on.signIn.vouchForSession(squatter.cookies())).toBeUndefined()
}

test('an address that somebody else signed up with first is not proven by a link that is followed in another browser, and the link still works where it belongs', async () => {
  const email = 'elsewhere@example.com'
  const { squatter, link } = await squat(email)
  const other = openBrowser(on)
  const refused = await other.send('GET', link)
  expect(refused).toMatchObject({ status: 302 })
  expect(refused.headers.get('location')).toBe('/?error=OTHER_BROWSER')
  expect(other.cookies()).toBe('')
  const early = await squatter.send('POST', '/auth/sign-in/email', { email, password: squatted })
  expect(early).toMatchObject({ status: 403, body: { code: 'EMAIL_NOT_VERIFIED' } })
  await squatter.send('GET', link)
  expect(await on.signIn.vouchForSession(squatter.cookies())).toMatchObject({ email })
})

test('an address that somebody else signed up with first is of who sets a new password by mail, and the first password is gone', async () => {
  const email = 'squatted@example.com'
  const { token, squatter } = await squat(email)
  await openBrowser(on).send('POST', '/auth/request-password-reset', { email, redirectTo: '/reset' })
  const { headers } = await openBrowser(on).send('GET', await linkTo(mailbox, email, /reset-password/))
  const reset = new URL(headers.get('location') ?? '').searchParams.get('token')
  const body = { token: reset, newPassword: password }
  expect(await openBrowser(on).send('POST', '/auth/reset-password', body)).toMatchObject({ status: 200 })
  await expectSquatterIsOut(squatter, email)
  const browser = openBrowser(on)
  await browser.send('POST', '/auth/sign-in/email', { email, password })
  expect(await browser.send('POST', '/api/v1/invitations/accept', { token })).toMatchObject({ status: 200 })
})

test('an address that somebody else signed up with first is of who comes by a provider that vouches for it, and the first password is gone', async () => {
  const email = 'provided@example.com'
  const { token, squatter } = await squat(email)
  const { browser } = await signInAs(on, 'provided')
  expect(await on.signIn.vouchForSession(browser.cookies())).toMatchObject({ email, emailVerified: true })
  await expectSquatterIsOut(squatter, email)
  expect(await browser.send('POST', '/api/v1/invitations/accept', { token })).toMatchObject({ status: 200 })
})

test('an address that somebody else signed up with first is not taken by a second sign-up, and its owner is told how to get in', async () => {
  const email = 'twice@example.com'
  await squat(email)
  const second = openBrowser(on)
  const answer = await second.send('POST', '/auth/sign-up/email', { email, password, name: 'Owner of the address' })
  expect(answer).toMatchObject({ status: 200, body: { token: null } })
  await waitFor(async () => mailbox.find(email)?.includes('has an account already'), { what: 'a mail' })
  const early = await second.send('POST', '/auth/sign-in/email', { email, password })
  expect(early).toMatchObject({ status: 401 })
})

test('an address that somebody else signed up with first is proven in another browser once its password was given there', async () => {
  const email = 'moves@example.com'
  const { link } = await squat(email)
  const other = openBrowser(on)
  await other.send('POST', '/auth/sign-in/email', { email, password: squatted })
  await other.send('GET', link)
  expect(await on.signIn.vouchForSession(other.cookies())).toMatchObject({ email })
})
