import { describe, test } from 'vitest'
import { expect, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

describe.skipIf(!hasBrowser())('the shell', () => {
  const dashboard = shareDashboard()

  test('somebody who is not signed in gets to the page that they asked for once they are', async () => {
    const { page } = await dashboard.browse()
    await page.goto('/t/acme/runs?status=failed')
    await expect(page).toHaveURL(/\/sign-in\?next=/)
    const { email, password } = await dashboard.owner()
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill('wrong password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page.getByText(/invalid email or password/i)).toBeVisible()
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page).toHaveURL(/\/t\/acme\/runs\?status=failed$/)
    await expect(page.getByRole('heading', { name: 'Runs' })).toBeVisible()
  })

  test('who comes for the first time sees a finished run after three clicks', async () => {
    const { page } = await dashboard.browse()
    const { email, password } = await dashboard.owner()
    await page.goto('/')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('link', { name: 'Talk to an agent' }).first().click()
    await page.getByRole('button', { name: 'What is 17% of 2340?' }).click()
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

  test('the palette leads to a page by the keyboard alone', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/runs')
    await page.getByRole('heading', { name: 'Runs' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByPlaceholder('Page, agent or tenant').fill('overv')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/t\/acme$/)
  })
})
