import { codeOf, type DnsServer, type OidcServer, startDnsServer, startOidcServer, waitFor } from '@freehold/testkit'
import type { BrowserContext, Page } from '@playwright/test'
import { afterAll, describe, test } from 'vitest'
import { press, write } from './by-keyboard.fixture.ts'
import { expect, expectAccessible, hasBrowser, mailedLink, shareDashboard, signIn } from './dashboard.fixture.ts'

const password = 'correct horse battery'

describe.skipIf(!hasBrowser())('signing in', () => {
  let oidc: OidcServer
  let dns: DnsServer
  const dashboard = shareDashboard(async (url) => {
    oidc = await startOidcServer(`${url}/auth/callback/works`)
    dns = await startDnsServer()
    return {
      FREEHOLD_PUBLIC_URL: url,
      FREEHOLD_SIGN_IN_ATTEMPTS_PER_MINUTE: '1000',
      FREEHOLD_DNS_SERVERS: dns.address,
      FREEHOLD_OIDC_PROVIDERS: 'works',
      FREEHOLD_OIDC_WORKS_NAME: 'Acme Works',
      FREEHOLD_OIDC_WORKS_ISSUER: oidc.issuer,
      FREEHOLD_OIDC_WORKS_CLIENT_ID: 'freehold',
      FREEHOLD_OIDC_WORKS_CLIENT_SECRET: 'a secret of the provider',
    }
  })
  afterAll(async () => {
    await oidc?.close()
    await dns?.close()
  })

  const invite = async (email: string, tenant = 'acme') =>
    (await dashboard.api(tenant)).createInvitation({ body: { email, roles: ['viewer'] } })
  const mailed = (email: string, path: string) => waitFor(() => mailedLink(dashboard.server, email, path))
  const password2 = 'another horse battery'

  async function turnOnTwoFactor(page: Page): Promise<{ totpUri: string; backupCodes: string[] }> {
    await openAccount(page)
    await press(page.getByRole('button', { name: 'Turn on' }))
    await write(page.getByLabel('Your password'), password)
    await press(page.getByRole('button', { name: 'Continue' }))
    await expect(page.getByRole('img', { name: 'QR code' })).toBeVisible()
    await press(page.locator('summary', { hasText: 'No camera?' }))
    const secret = await page.getByRole('region', { name: 'Key' }).textContent()
    const totpUri = `otpauth://totp/any?secret=${secret}`
    await write(page.getByLabel('Code', { exact: true }), '000000')
    await press(page.getByRole('dialog').getByRole('button', { name: 'Turn on' }))
    await expect(page.getByText('This code is wrong')).toBeVisible()
    await expectAccessible(page)
    await write(page.getByLabel('Code', { exact: true }), codeOf(totpUri))
    await press(page.getByRole('dialog').getByRole('button', { name: 'Turn on' }))
    const codes = await page.getByRole('region', { name: 'Backup codes' }).textContent()
    await press(page.getByRole('button', { name: 'I have kept them' }))
    await expect(page.getByText('On', { exact: true })).toBeVisible()
    return { totpUri, backupCodes: codes?.split('\n') ?? [] }
  }

  async function givePassword(page: Page, email: string, given = password): Promise<void> {
    await page.goto('/sign-in')
    await write(page.getByLabel('Email'), email)
    await write(page.getByLabel('Password'), given)
    await press(page.getByRole('button', { name: 'Sign in', exact: true }))
  }

  test('leads to no other site, whatever the link says', async () => {
    const { page } = await dashboard.browse()
    await page.goto('/sign-in?next=//evil.example/')
    const owner = await dashboard.owner()
    await write(page.getByLabel('Email'), owner.email)
    await write(page.getByLabel('Password'), owner.password)
    await press(page.getByRole('button', { name: 'Sign in', exact: true }))
    await expect(page).toHaveURL(`${dashboard.url}/t/acme`)
  })

  test('begins with an invitation, whose mail leads to an account and into the tenant', async () => {
    const email = 'ada@example.com'
    const { token } = await invite(email)
    const { page } = await dashboard.browse()
    await page.goto(await mailed(email, '/invitations/'))
    await expect(page.getByRole('heading', { name: 'You are invited to acme' })).toBeVisible()
    await expect(page.getByText('viewer')).toBeVisible()
    await expectAccessible(page)
    await press(page.getByRole('link', { name: 'Make an account' }))
    await expect(page.getByLabel('Email')).toHaveValue(email)
    await expectAccessible(page)
    await write(page.getByLabel('Your name'), 'Ada')
    await write(page.getByLabel('Password'), password)
    await press(page.getByRole('button', { name: 'Sign up' }))
    await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeFocused()
    await expectAccessible(page)

    const link = await mailed(email, '/auth/verify-email')
    const elsewhere = await dashboard.browse()
    await elsewhere.page.goto(link)
    await expect(elsewhere.page.getByText('only in the browser where you signed up')).toBeVisible()
    await expectAccessible(elsewhere.page)

    await page.goto(link)
    await expect(page).toHaveURL(`${dashboard.url}/invitations/${token}`)
    await press(page.getByRole('button', { name: 'Join acme' }))
    await expect(page).toHaveURL(`${dashboard.url}/t/acme`)
    await page.goto(`/invitations/${token}`)
    await expect(page.getByText('accepted already')).toBeVisible()
  })

  test('an invitation for another address asks to sign out; without one nobody signs up', async () => {
    const { token } = await invite('somebody@example.com')
    const { page } = await dashboard.browseAs({ roles: ['viewer'] })
    await page.goto(`/invitations/${token}`)
    await expect(page.getByText('for another address')).toBeVisible()
    await press(page.getByRole('button', { name: 'Sign out' }))
    await press(page.getByRole('link', { name: 'I have an account' }))
    await expect(page.getByLabel('Email')).toHaveValue('somebody@example.com')

    await press(page.getByRole('link', { name: 'Sign up' }))
    await write(page.getByLabel('Your name'), 'Nobody')
    await write(page.getByLabel('Email'), 'nobody@example.com')
    await write(page.getByLabel('Password'), password)
    await press(page.getByRole('button', { name: 'Sign up' }))
    await expect(page.getByText('no invitation for this address')).toBeVisible()
    await page.goto('/invitations/no-such-token')
    await expect(page.getByRole('heading', { name: 'There is no such invitation' })).toBeVisible()
  })

  test('a forgotten password is set anew by a mailed link, which works once and leaves nothing in the address', async () => {
    const { page, email } = await dashboard.browseAs({ roles: ['viewer'] })
    await page.context().clearCookies()
    await page.goto('/sign-in')
    await press(page.getByRole('link', { name: 'Forgot your password?' }))
    await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor()
    await write(page.getByLabel('Email'), email)
    await press(page.getByRole('button', { name: 'Send the link' }))
    await expect(page.getByRole('heading', { name: 'Check your mail' })).toBeVisible()
    const link = await mailed(email, '/auth/reset-password')
    await page.goto(link)
    await expect(page).toHaveURL(`${dashboard.url}/reset-password`)
    await expectAccessible(page)
    await write(page.getByLabel('New password'), password2)
    await press(page.getByRole('button', { name: 'Set password' }))
    await press(page.getByRole('link', { name: 'Sign in' }))

    await givePassword(page, email)
    await expect(page.getByText(/invalid email or password/i)).toBeVisible()
    await signIn(page, { email, password: password2 })
    await expect(page).toHaveURL(`${dashboard.url}/t/acme`)
    await page.goto(link)
    await page.getByLabel('New password').or(page.getByText('The link is not valid')).waitFor()
    if (await page.getByLabel('New password').isVisible()) {
      await write(page.getByLabel('New password'), password)
      await press(page.getByRole('button', { name: 'Set password' }))
    }
    await expect(page.getByText('The link is not valid')).toBeVisible()
  })

  test('asks for a second factor once it is on, which a code of the app or a backup code is', async () => {
    const { page, email } = await dashboard.browseAs({ roles: ['viewer'] })
    const { totpUri, backupCodes } = await turnOnTwoFactor(page)

    const withApp = await dashboard.browse()
    await givePassword(withApp.page, email)
    await write(withApp.page.getByLabel('Code'), '000000')
    await press(withApp.page.getByRole('button', { name: 'Continue' }))
    await expect(withApp.page.getByText('This code is wrong')).toBeVisible()
    await expectAccessible(withApp.page)
    await write(withApp.page.getByLabel('Code'), codeOf(totpUri))
    await press(withApp.page.getByLabel('Don’t ask on this device'))
    await press(withApp.page.getByRole('button', { name: 'Continue' }))
    await expect(withApp.page).toHaveURL(`${dashboard.url}/t/acme`)

    const withBackup = await dashboard.browse()
    await givePassword(withBackup.page, email)
    await press(withBackup.page.getByRole('button', { name: 'Use a backup code' }))
    await write(withBackup.page.getByLabel('Backup code'), backupCodes[0] ?? '')
    await press(withBackup.page.getByRole('button', { name: 'Continue' }))
    await expect(withBackup.page).toHaveURL(`${dashboard.url}/t/acme`)

    await openAccount(withApp.page)
    await press(withApp.page.getByRole('button', { name: 'Sign out' }).first())
    await expect(withApp.page).toHaveURL(`${dashboard.url}/sign-in`)
    await signIn(withApp.page, { email, password })
    await expect(withApp.page).toHaveURL(`${dashboard.url}/t/acme`)

    await press(page.getByRole('button', { name: 'Turn off' }))
    await write(page.getByLabel('Your password'), password)
    await press(page.getByRole('dialog').getByRole('button', { name: 'Turn off' }))
    await expect(page.getByText('Off', { exact: true })).toBeVisible()
    await signIn((await dashboard.browse()).page, { email, password })
  })

  test('works by a passkey, which is added, named and removed in the account', async () => {
    const { page, context } = await dashboard.browseAs({ roles: ['viewer'] })
    await addAuthenticator(context, page)
    await openAccount(page)
    await press(page.getByRole('button', { name: 'Add a passkey' }))
    await write(page.getByRole('dialog').getByLabel('Name'), 'Laptop')
    await press(page.getByRole('button', { name: 'Continue' }))
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(page.getByText('Laptop', { exact: true })).toBeVisible()
    await press(page.getByRole('button', { name: 'Sign out' }).first())
    await expect(page).toHaveURL(/\/sign-in$/)
    // Where the device offers it by itself, nobody has to press anything.
    await press(page.getByRole('button', { name: 'Sign in with a passkey' })).catch(() => undefined)
    await expect(page).toHaveURL(`${dashboard.url}/t/acme`)

    await openAccount(page)
    await press(page.getByRole('button', { name: 'Rename' }))
    await write(page.getByRole('dialog').getByLabel('Name'), 'Phone')
    await press(page.getByRole('dialog').getByRole('button', { name: 'Rename' }))
    await expect(page.getByText('Phone', { exact: true })).toBeVisible()
    await press(page.getByRole('button', { name: 'Remove' }))
    await press(page.getByRole('button', { name: 'Remove passkey' }))
    await expect(page.getByText('A passkey signs you in by')).toBeVisible()
  })

  test('works by a provider for who is invited, and says to anybody else why not', async () => {
    const { token } = await invite('grace@example.com')
    const { page } = await dashboard.browse()
    await page.goto(`/invitations/${token}`)
    await press(page.getByRole('link', { name: 'I have an account' }))
    await press(page.getByRole('button', { name: 'Continue with Acme Works' }))
    await signInAtProvider(page, 'grace')
    await expect(page).toHaveURL(`${dashboard.url}/invitations/${token}`)
    await press(page.getByRole('button', { name: 'Join acme' }))
    await expect(page).toHaveURL(`${dashboard.url}/t/acme`)
    await page.goto('/account')
    await expect(page.getByText('have no password here')).toBeVisible()

    const stranger = await dashboard.browse()
    await stranger.page.goto('/sign-in')
    await press(stranger.page.getByRole('button', { name: 'Continue with Acme Works' }))
    await signInAtProvider(stranger.page, 'mallory')
    await expect(stranger.page.getByText('no invitation for this address')).toBeVisible()
    await expectAccessible(stranger.page)
  })

  test('shows where somebody is signed in, and ends it there', async () => {
    const { page, email } = await dashboard.browseAs({ roles: ['viewer'] })
    const other = await dashboard.browse()
    const third = await dashboard.browse()
    await signIn(other.page, { email, password })
    await signIn(third.page, { email, password })
    await openAccount(page)
    await expectAccessible(page)
    const elsewhere = page.getByRole('button', { name: /^Sign out Chrome/ })
    const { length } = await elsewhere.all()
    expect(length).toBeGreaterThan(1)
    await press(elsewhere.first())
    await expect(elsewhere).toHaveCount(length - 1)
    await press(page.getByRole('button', { name: 'Sign out everywhere else' }))
    await press(page.getByRole('alertdialog').getByRole('button', { name: 'Sign out everywhere else' }))
    await expect(page.getByRole('alertdialog')).toHaveCount(0)
    await expect(elsewhere).toHaveCount(0)
    for (const ended of [other.page, third.page]) {
      await waitFor(async () => {
        await ended.goto('/t/acme/runs')
        return ended.url().includes('/sign-in?next=')
      })
    }
    await page.reload()
    await expect(page.getByText('This browser', { exact: true })).toBeVisible()
  })

  test('a person changes their name and password', async () => {
    const { page, email } = await dashboard.browseAs({ roles: ['viewer'] })
    await openAccount(page)
    await write(page.getByLabel('Name'), 'Countess')
    await press(page.getByRole('button', { name: 'Save name' }))
    await expect(page.getByText('Your name is changed')).toBeVisible()
    await press(page.getByRole('button', { name: 'Change password' }))
    await write(page.getByLabel('Current password'), 'wrong password')
    await write(page.getByLabel('New password'), password2)
    await press(page.getByRole('dialog').getByRole('button', { name: 'Change password' }))
    await expect(page.getByText('The password is wrong.')).toBeVisible()
    await write(page.getByLabel('Current password'), password)
    await press(page.getByRole('dialog').getByRole('button', { name: 'Change password' }))
    await expect(page.getByText('Your password is changed')).toBeVisible()
    const other = await dashboard.browse()
    await signIn(other.page, { email, password: password2 })
    await expect(other.page.getByText('Countess')).toBeVisible()
  })

  describe('on the host of a tenant with a brand of its own', () => {
    const host = 'agents.globex.example'
    const color = '#0b6b4f'

    test('everything is in its name, and nothing in that of the platform', async () => {
      const client = await dashboard.api('globex')
      await client.putBranding({ body: { name: 'Globex Agents', colors: { primary: color } } })
      const { record } = await client.claimHost({ body: { host } })
      dns.records.set(record.name, [record.value])
      await client.verifyHost()
      const baseURL = dashboard.url.replace('localhost', host)
      const email = 'hank@example.com'
      const { token } = await invite(email, 'globex')
      const { page } = await dashboard.browse({ baseURL })

      const link = await mailed(email, '/invitations/')
      expect(link).toBe(`${baseURL}/invitations/${token}`)
      await page.goto(link)
      await expect(page).toHaveTitle('Invitation · Globex Agents')
      await press(page.getByRole('link', { name: 'Make an account' }))
      await write(page.getByLabel('Your name'), 'Hank')
      await write(page.getByLabel('Password'), password)
      await press(page.getByRole('button', { name: 'Sign up' }))
      await page.getByRole('heading', { name: 'Check your mail' }).waitFor()
      await page.goto(await mailed(email, '/auth/verify-email'))
      await press(page.getByRole('button', { name: 'Join globex' }))
      await expect(page).toHaveURL(`${baseURL}/t/globex`)
      const inside = ['/t/globex/runs', '/t/globex/keys', '/t/globex/nothing', '/t/acme/runs', '/account', '/nothing']
      for (const path of inside) await expectUnnamed(page, path)
      await openAccount(page)
      await press(page.getByRole('button', { name: 'Sign out' }).first())
      await expect(page).toHaveURL(`${baseURL}/sign-in`)
      const outside = ['/sign-in', '/sign-in?error=access_denied', '/sign-up', '/forgot-password', '/reset-password']
      const landings = ['/reset-password?token=a', '/verified?error=OTHER_BROWSER', '/invitations/none', '/auth/error']
      for (const path of [...outside, ...landings]) await expectUnnamed(page, path)
      await signIn(page, { email, password })
      await expect(page).toHaveURL(`${baseURL}/t/globex`)

      const mails = dashboard.server
        .logEntries()
        .flatMap((entry) => ('mail' in entry ? [JSON.stringify(entry.mail)] : []))
      const hers = mails.filter((mail) => mail.includes(email))
      expect(hers.length).toBeGreaterThan(1)
      for (const mail of hers) expect(mail).not.toMatch(/freehold/i)
    })

    test('its pages on the host of the installation have its name and colour too', async () => {
      const { page } = await dashboard.browseAs({ tenant: 'globex', roles: ['viewer'] })
      await page.goto('/t/globex/runs')
      await expect(page).toHaveTitle('Runs · globex · Globex Agents')
      await expect(page.locator('html')).toHaveAttribute('style', new RegExp(color))
      await expectUnnamed(page, '/t/globex/runs')
    })
  })
})

async function openAccount(page: Page): Promise<void> {
  await page.goto('/account')
  // What the browser itself asks for: from then on the buttons do what they say.
  await expect(page.getByText('This browser', { exact: true })).toBeVisible()
}

/** Whether a page, its title or its icon names the platform. */
async function expectUnnamed(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.waitForLoadState('networkidle')
  const icon = await page.locator('link[rel=icon]').first().getAttribute('href')
  expect(icon, path).toBeTruthy()
  const shown = [
    await page.title(),
    await page.content(),
    await page.evaluate(async (href) => (await fetch(href)).text(), icon ?? ''),
  ]
  for (const text of shown) expect(text, path).not.toMatch(/freehold/i)
}

/** A device that keeps passkeys, and lets its owner in without asking. */
async function addAuthenticator(context: BrowserContext, page: Page): Promise<void> {
  const session = await context.newCDPSession(page)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

/** The provider's own pages. */
async function signInAtProvider(page: Page, login: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(login)
  await page.getByPlaceholder('and password').fill('any')
  await page.getByRole('button', { name: 'Sign-in' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
}
