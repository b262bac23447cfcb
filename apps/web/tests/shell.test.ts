import type { Locator, Page } from '@playwright/test'
import { describe, test } from 'vitest'
import { press, reach, write } from './by-keyboard.fixture.ts'
import { expect, expectAccessible, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

describe.skipIf(!hasBrowser())('the shell', () => {
  const dashboard = shareDashboard()

  test('somebody who is not signed in gets to the page that they asked for once they are', async () => {
    const { page } = await dashboard.browse()
    await page.goto('/t/acme/runs?status=failed')
    await expect(page).toHaveURL(/\/sign-in\?next=/)
    const { email, password } = await dashboard.owner()
    await write(page.getByLabel('Email'), email)
    await write(page.getByLabel('Password'), 'wrong password')
    await press(page.getByRole('button', { name: 'Sign in', exact: true }))
    await expect(page.getByText(/invalid email or password/i)).toBeVisible()
    await write(page.getByLabel('Password'), password)
    await press(page.getByRole('button', { name: 'Sign in', exact: true }))
    await expect(page).toHaveURL(/\/t\/acme\/runs\?status=failed$/)
    await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible()
  })

  test('who comes for the first time sees a finished run after three clicks', async () => {
    const { page } = await dashboard.browse()
    const { email, password } = await dashboard.owner()
    await page.goto('/')
    await write(page.getByLabel('Email'), email)
    await write(page.getByLabel('Password'), password)
    await press(page.getByRole('button', { name: 'Sign in', exact: true }))
    await press(page.getByRole('link', { name: 'Talk to an agent' }).first())
    await press(page.getByRole('button', { name: 'What is 17% of 2340?' }))
    await expect(page.getByText('17% of 2340 is 397.8.')).toBeVisible()
    const client = await dashboard.api()
    const newest = async () => (await client.listRuns({ query: { limit: 1 } })).items[0]
    await expect.poll(newest).toMatchObject({ message: 'What is 17% of 2340?', status: 'succeeded' })
  })

  test("another tenant's pages, and those of none, are not found", async () => {
    const { page } = await dashboard.browseAs({ tenant: 'acme', roles: ['viewer'] })
    for (const path of ['/t/globex/runs', '/t/nobody', '/t/globex/agents']) {
      await page.goto(path)
      await expect(page.getByText('Not found')).toBeVisible()
    }
  })

  test.each(['/t/%00', '/t/acme/agents/%00', '/t/%', '/t/%E0%A4%A', '/t/%E6%97%A5%E6%9C%AC'])(
    'at the broken address %s there is nothing',
    async (path) => {
      const { context } = await dashboard.browseAsOwner()
      expect((await context.request.get(path)).status()).toBe(404)
    },
  )

  test('people of a suspended tenant learn it, keep their account and get to where they still belong', async () => {
    const operator = await dashboard.operator()
    const { page } = await dashboard.browseAs({ tenant: 'globex', roles: ['viewer'] })
    const { page: owner } = await dashboard.browseAsOwner()
    const id = (await (await dashboard.api('globex')).whoami()).tenant?.id ?? ''
    const suspended = (of: typeof page) => of.getByText('This tenant is suspended')
    await operator.suspendTenant({ params: { id } })
    try {
      // The gateway knows somebody for three seconds without asking again.
      await expect(async () => {
        await page.goto('/')
        await expect(suspended(page)).toBeVisible({ timeout: 2_000 })
      }).toPass()
      await expect(page).toHaveURL(/\/t\/globex$/)
      await expectAccessible(page)
      await expect(page.getByRole('button', { name: 'Sign out' })).toBeVisible()
      await page.goto('/t/globex/runs')
      await expect(suspended(page)).toBeVisible()
      await press(page.getByRole('link', { name: 'Your account' }))
      await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible()
      await expect(page.getByText('suspended')).toBeVisible()

      await owner.goto('/')
      await expect(owner).toHaveURL(/\/t\/acme$/)
      await expect(async () => {
        await owner.goto('/t/globex')
        await expect(suspended(owner)).toBeVisible({ timeout: 2_000 })
      }).toPass()
      await expect(owner.getByRole('link', { name: 'All tenants' })).toBeVisible()
      await press(owner.getByRole('link', { name: 'Go to acme' }))
      await expect(owner).toHaveURL(/\/t\/acme$/)
    } finally {
      await operator.resumeTenant({ params: { id } })
    }
    await expect(async () => {
      await page.goto('/t/globex')
      await expect(page.getByRole('heading', { name: 'Welcome' })).toBeVisible({ timeout: 2_000 })
    }).toPass()
  })

  test('a page that somebody may not read says so calmly, and shows nothing to press', async () => {
    const { page } = await dashboard.browseAs({ roles: ['viewer'] })
    for (const [path, title] of [
      ['audit', 'Audit'],
      ['keys', 'Keys'],
    ] as const) {
      await page.goto(`/t/acme/${path}`)
      await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
      await expect(page.getByText('This is not for you to see')).toBeVisible()
      await expect(page.getByRole('main').getByRole('button')).toHaveCount(0)
      await expectAccessible(page)
    }
    const pages = page.getByRole('navigation', { name: 'Pages' })
    await expect(pages.getByRole('link', { name: 'Audit' })).toHaveCount(0)
    await press(pages.getByRole('link', { name: 'Chat' }))
    await expect(page.getByText('You can read conversations here')).toBeVisible()
  })

  test('an act that fails while the server is away says so, and leaves the page as it is', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/audit')
    const verify = page.getByRole('button', { name: 'Verify the chain' })
    await reach(verify)
    await page.keyboard.press('Shift')
    await page.waitForLoadState('networkidle')
    await page.route('**/*', (route) => route.abort())
    await press(verify)
    await expect(page.getByText('No connection').first()).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Audit' })).toBeVisible()
    await page.unroute('**/*')
    await press(page.getByLabel('Dismiss').first())
    await press(verify)
    await expect(page.getByText('The chain is whole')).toBeVisible()
  })

  test('while nobody answers, a page says from when it is and stays, and goes on by itself', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/agents')
    await page.getByRole('link', { name: 'assistant' }).first().focus()
    await page.keyboard.press('Shift')
    await page.waitForLoadState('networkidle')
    await openPalette(page)
    await page.keyboard.press('Escape')
    await page.evaluate(() => Object.assign(window, { isSamePage: true }))
    await page.route('**/*', (route) => route.abort())
    await expect(page.getByText('No connection. This is as of')).toBeVisible()
    await press(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Runs' }))
    await expect(page.getByText('Check your network and try again.').first()).toBeVisible()
    await page.getByRole('row').filter({ hasText: 'assistant' }).getByRole('cell').last().click()
    await goByPalette(page, 'Approvals')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await page.unroute('**/*')
    await expect(page.getByText('No connection. This is as of')).toBeHidden()
    await expect(page).toHaveURL(/\/t\/acme\/agents$/)
    expect(await page.evaluate(() => 'isSamePage' in window)).toBe(true)
    await page.getByRole('row').filter({ hasText: 'assistant' }).getByRole('cell').last().click()
    await expect(page).toHaveURL(/\/t\/acme\/agents\/assistant$/)
  })

  test('the menus at the side and the way past them are there for the keyboard', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/runs')
    await press(page.getByRole('link', { name: 'Skip to content' }))
    await expect(page.getByRole('main')).toBeFocused()
    const side = page.getByRole('complementary')
    await press(side.getByRole('button').last())
    await press(page.getByRole('menuitem', { name: 'Dark' }))
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
    await press(side.getByRole('button', { name: 'acme' }))
    await press(page.getByRole('menuitem', { name: 'globex' }))
    await expect(page).toHaveURL(/\/t\/globex$/)
  })

  test('where there is little room, the menu takes the focus, gives it back and leads on', async () => {
    const { page } = await dashboard.browseAsOwner({ viewport: { width: 360, height: 740 } })
    await page.goto('/t/acme/runs')
    const menu = page.getByRole('button', { name: 'Menu' })
    await press(menu)
    await expect(page.getByRole('dialog', { name: 'Menu' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(menu).toBeFocused()
    await press(menu)
    await press(page.getByRole('dialog').getByRole('link', { name: 'Agents' }))
    await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible()
    await expect(page.getByRole('dialog')).toHaveCount(0)
    const search = page.getByRole('button', { name: 'Search' })
    await press(search)
    await write(page.getByPlaceholder('Page, agent or tenant'), 'nothing like it')
    await page.keyboard.press('Escape')
    await expect(search).toBeFocused()
  })

  test('the palette leads to a page by the keyboard alone', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/runs')
    await goByPalette(page, 'overv')
    await expect(page).toHaveURL(/\/t\/acme$/)
    await goByPalette(page, 'new agent')
    await expect(page).toHaveURL(/\/t\/acme\/agents\/new$/)
  })
})

async function goByPalette(page: Page, letters: string): Promise<void> {
  await write(await openPalette(page), letters)
  await page.keyboard.press('Enter')
}

async function openPalette(page: Page): Promise<Locator> {
  const field = page.getByPlaceholder('Page, agent or tenant')
  // Nothing hears the keys before the scripts of the page are there.
  await expect(async () => {
    await page.keyboard.press('Control+k')
    await field.waitFor({ timeout: 3_000 })
  }).toPass()
  return field
}
