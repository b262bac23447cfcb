import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { waitFor } from '@freehold/testkit'
import type { BrowserContext, Page, Request } from '@playwright/test'
import { beforeAll, describe, test } from 'vitest'
import { walkThrough } from './by-keyboard.fixture.ts'
import { expect, expectAccessible, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

/** Those of the App Router, such as `/t/[tenant]/runs/[id]`. */
const routes = globSync('**/page.tsx', { cwd: join(import.meta.dirname, '../src/app') })
  .map((file) => `/${dirname(file)}`.replace(/\/\.$/, '/'))
  .filter((route) => !route.includes('[...'))
  .sort()
/** Where pages have more than one face. */
const tabs = [
  '/t/acme/agents/new?sample=scratch',
  '/t/acme/agents/assistant?tab=playground',
  '/t/acme/agents/assistant?tab=releases',
  '/t/acme/agents/assistant?tab=versions',
  '/t/acme/approvals?tab=history',
  '/t/acme/usage?tab=budgets',
]
const dialogs = [
  ['keys', 'New key'],
  ['members', 'Invite'],
  ['members', 'New service account'],
  ['teams', 'New team'],
  ['connections', 'Connect'],
  ['connections', 'New secret'],
  ['webhooks', 'New webhook'],
  ['flags', 'New flag'],
  ['services', 'Register'],
  ['services/orders', 'Change'],
  ['schedules', 'New schedule'],
  ['usage?tab=budgets', 'New budget'],
  ['approvals', 'Refuse…'],
  ['agents/assistant?tab=releases', 'Another version…'],
] as const
/** Of compressed JavaScript, for every page but those of the chat. */
const mostBytes = 180_000
const widthOfPhone = 360

interface Viewer {
  /** Wide and light. */
  page: Page
  /** Narrow and dark. */
  phone: Page
}

describe.skipIf(!hasBrowser())('every page', () => {
  const dashboard = shareDashboard()
  let paths: Record<string, string>
  let viewers: Record<'nobody' | 'operator' | 'member', Viewer>

  beforeAll(async () => {
    paths = await fill()
    viewers = {
      nobody: await prepare(await dashboard.browse()),
      operator: await prepare(await dashboard.browseAsOwner()),
      member: await prepare(await dashboard.browseAs({ roles: ['owner'] })),
    }
  }, 120_000)

  /** Makes what pages are about, and tells the paths of those that are about one thing. */
  async function fill(): Promise<Record<string, string>> {
    const client = await dashboard.api()
    await client.putBranding({ body: { name: 'Acme Agents', colors: { primary: '#ffee00' } } })
    const approvals = { tools: { calculate: { require: 'always' as const } } }
    await client.createAgent({ body: { name: 'careful', tools: ['calculate'], approvals } })
    const start = (name: string, wait: number) =>
      client.startRun({ params: { name }, query: { wait }, body: { message: 'What is 17% of 2340?' } })
    const run = await start('assistant', 60)
    await start('careful', 0)
    const asked = await waitFor(async () => (await client.listApprovals({ query: {} })).items[0])
    const team = await client.createTeam({ body: { name: 'claims' } })
    const invitation = await client.createInvitation({ body: { email: 'ada@example.com', roles: ['viewer'] } })
    await client.putService({ params: { name: 'orders' }, body: {} })
    return {
      '/verified': '/verified?error=OTHER_BROWSER',
      '/invitations/[token]': `/invitations/${invitation.token}`,
      '/t/[tenant]/agents/[name]': '/t/acme/agents/assistant',
      '/t/[tenant]/approvals/[id]': `/t/acme/approvals/${asked.id}`,
      '/t/[tenant]/chat/[threadId]': `/t/acme/chat/${run.threadId}`,
      '/t/[tenant]/runs/[id]': `/t/acme/runs/${run.id}`,
      '/t/[tenant]/services/[name]': '/t/acme/services/orders',
      '/t/[tenant]/teams/[id]': `/t/acme/teams/${team.id}`,
    }
  }

  test.each([...routes, ...tabs])(
    '%s is quick to load, accessible in light and dark, and fits a phone, where Tab leads through it',
    async (route) => {
      const path = paths[route] ?? route.replace('[tenant]', 'acme')
      const isOfTenant = path.startsWith('/t/')
      const needsSession = path === '/account' || path === '/' || path.startsWith('/platform')
      const { page, phone } = viewers[isOfTenant ? 'member' : needsSession ? 'operator' : 'nobody']
      const bytesOf = countScripts(page)
      await open(page, path)
      if (path !== '/') expect(page.url()).toContain(dashboard.url + path)
      const bytes = await bytesOf()
      console.log(`${route}: ${Math.round(bytes / 1000)} kB of JavaScript`)
      if (!path.includes('/chat')) expect(bytes).toBeLessThanOrEqual(mostBytes)
      await expectAccessible(page)
      await open(phone, path)
      await expectAccessible(phone)
      expect(await phone.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(widthOfPhone)
      await walkThrough(phone)
      // Its own host shows no other name. The address is that of the sample tenants' owner.
      if (isOfTenant) await expect(page).toHaveTitle(/^[^·]+ · acme · Acme Agents$/)
      if (isOfTenant) expect((await page.content()).replaceAll(/owner@freehold\S*/g, '')).not.toMatch(/freehold/i)
    },
  )

  test('what is no page of a tenant is not found in its name', async () => {
    const { page } = viewers.member
    await page.goto('/t/acme/nothing/here')
    await expect(page.getByText('There is nothing at this address')).toBeVisible()
    await expect(page).toHaveTitle('Not found · acme · Acme Agents')
    await expectAccessible(page)
  })

  test.each(dialogs)('on %s what «%s» opens is accessible, and closed by Escape', async (path, name) => {
    const { page } = viewers.member
    await open(page, `/t/acme/${path}`)
    const button = page.getByRole('button', { name, exact: true }).first()
    await button.focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('dialog')).toBeVisible()
    await expectAccessible(page)
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(button).toBeFocused()
  })
})

/** Without a cache: what a page loads is counted as for who comes for the first time. */
async function prepare({ page, context }: { page: Page; context: BrowserContext }): Promise<Viewer> {
  const network = await context.newCDPSession(page)
  await network.send('Network.enable')
  await network.send('Network.setCacheDisabled', { cacheDisabled: true })
  await page.setViewportSize({ width: 1280, height: 800 })
  const phone = await context.newPage()
  await phone.setViewportSize({ width: widthOfPhone, height: 740 })
  await phone.emulateMedia({ colorScheme: 'dark' })
  return { page, phone }
}

async function open(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
  await page.waitForLoadState('networkidle')
}

/** Starts counting, and tells how many bytes of scripts have come over the network since. */
function countScripts(page: Page): () => Promise<number> {
  const sizes: Promise<number>[] = []
  const onFinished = (request: Request) => {
    if (request.resourceType() !== 'script') return
    sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize))
  }
  page.on('requestfinished', onFinished)
  return async () => {
    page.off('requestfinished', onFinished)
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }
}
