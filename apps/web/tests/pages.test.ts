import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { waitFor } from '@freehold/testkit'
import type { CDPSession, Page } from '@playwright/test'
import { beforeAll, describe, test } from 'vitest'
import { expect, expectAccessible, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

/** Those of the App Router, such as `/t/[tenant]/runs/[id]`. */
const routes = globSync('**/page.tsx', { cwd: join(import.meta.dirname, '../src/app') })
  .map((file) => `/${dirname(file)}`.replace(/\/\.$/, '/'))
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
  ['connections', 'New connection'],
  ['connections', 'New secret'],
  ['webhooks', 'New webhook'],
  ['flags', 'New flag'],
  ['services', 'New service'],
  ['services/orders', 'Change'],
  ['services/orders', 'Add consumer'],
  ['schedules', 'New schedule'],
  ['usage?tab=budgets', 'New budget'],
  ['approvals', 'Refuse…'],
  ['agents/assistant?tab=releases', 'Another version…'],
] as const
/** Of compressed JavaScript, for every page but those of the chat. */
const mostBytes = 180_000
const widthOfPhone = 360

interface Viewer {
  page: Page
  network: CDPSession
}

describe.skipIf(!hasBrowser())('every page', () => {
  const dashboard = shareDashboard()
  let paths: Record<string, string>
  let viewers: Record<'nobody' | 'operator' | 'member', Viewer>

  beforeAll(async () => {
    paths = await fill()
    viewers = {
      nobody: await withEmptyCache(await dashboard.browse()),
      operator: await withEmptyCache(await dashboard.browseAsOwner()),
      member: await withEmptyCache(await dashboard.browseAs({ roles: ['owner'] })),
    }
  }, 120_000)

  /** Makes what pages are about, and tells the paths of those that are about one thing. */
  async function fill(): Promise<Record<string, string>> {
    const client = await dashboard.api()
    await client.putBranding({ body: { name: 'Acme Agents', colors: { primary: '#0b5fff' } } })
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
    '%s is quick to load, accessible in light and dark, and fits a phone',
    async (route) => {
      const path = paths[route] ?? route.replace('[tenant]', 'acme')
      const isOfTenant = path.startsWith('/t/')
      const needsSession = path === '/account' || path === '/' || path.startsWith('/platform')
      const { page, network } = viewers[isOfTenant ? 'member' : needsSession ? 'operator' : 'nobody']
      const bytesOf = countScripts(network)
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.emulateMedia({ colorScheme: 'light' })
      await page.goto(path)
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
      await page.waitForLoadState('networkidle')
      if (path !== '/') expect(page.url()).toBe(dashboard.url + path)
      const bytes = bytesOf()
      console.log(`${route}: ${Math.round(bytes / 1000)} kB of JavaScript`)
      if (!path.includes('/chat')) expect(bytes).toBeLessThanOrEqual(mostBytes)
      await expectAccessible(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize({ width: widthOfPhone, height: 740 })
      await expectAccessible(page)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(widthOfPhone)
      if (isOfTenant) expect(await page.content()).not.toMatch(/freehold/i)
    },
  )

  test.each(dialogs)('on %s what «%s» opens is accessible, and closed by Escape', async (path, name) => {
    const { page } = viewers.member
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.goto(`/t/acme/${path}`)
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

async function withEmptyCache({ page }: { page: Page }): Promise<Viewer> {
  const network = await page.context().newCDPSession(page)
  await network.send('Network.enable')
  await network.send('Network.setCacheDisabled', { cacheDisabled: true })
  return { page, network }
}

/** Starts counting, and tells how many bytes of scripts have come over the network since. */
function countScripts(network: CDPSession): () => number {
  const scripts = new Set<string>()
  let bytes = 0
  const onResponse = ({ requestId, response }: { requestId: string; response: { mimeType: string } }) => {
    if (response.mimeType.includes('javascript')) scripts.add(requestId)
  }
  const onFinished = ({ requestId, encodedDataLength }: { requestId: string; encodedDataLength: number }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength
  }
  network.on('Network.responseReceived', onResponse)
  network.on('Network.loadingFinished', onFinished)
  return () => {
    network.off('Network.responseReceived', onResponse)
    network.off('Network.loadingFinished', onFinished)
    return bytes
  }
}
