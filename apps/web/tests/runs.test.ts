import { join } from 'node:path'
import type { Client } from '@freehold/contracts'
import { waitFor } from '@freehold/testkit'
import type { Page } from '@playwright/test'
import { beforeAll, describe, test } from 'vitest'
import { choose, press, reach } from './by-keyboard.fixture.ts'
import { expect, expectAccessible, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

const soon = { timeout: 20_000 }

describe.skipIf(!hasBrowser())('runs and the overview', () => {
  const dashboard = shareDashboard({}, join(import.meta.dirname, 'runs-server.fixture.ts'))
  let client: Client
  let page: Page

  beforeAll(async () => {
    client = await dashboard.api()
    const tools = ['calculate']
    await client.createAgent({ body: { name: 'careful', tools, approvals: { default: { require: 'always' } } } })
    await client.createAgent({ body: { name: 'poor', tools } })
    await client.createAgent({ body: { name: 'boss', tools: ['delegate'] } })
    await client.createAgent({ body: { name: 'counter', program: 'counting', limits: { maxSteps: 1_000 } } })
    const permissions = ['clipboard-read', 'clipboard-write']
    page = (await dashboard.browseAsOwner({ permissions })).page
  }, 60_000)

  const start = (name: string, message: string, wait = 0) =>
    client.startRun({ params: { name }, query: { wait }, body: { message } })
  const open = (id: string, search = '') => page.goto(`/t/acme/runs/${id}${search}`)
  const status = () => page.getByRole('heading', { level: 1 })

  test('before the first run there is what to begin with', async () => {
    await page.goto('/t/acme')
    await expect(page.getByRole('heading', { name: 'Welcome' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Talk to an agent' })).toHaveAttribute('href', '/t/acme/chat')
    await expectAccessible(page)
  })

  test('a run appears in the list by itself, and filters of the address narrow the list', async () => {
    await page.goto('/t/acme/runs')
    await expect(page.getByText('No runs yet')).toBeVisible()
    await start('assistant', 'What is 17% of 2340?', 20)
    const run = page.getByRole('link', { name: 'What is 17% of 2340?' })
    await expect(run).toBeVisible(soon)
    await choose(page.getByLabel('Agent'), 'assistant')
    await choose(page.getByLabel('Time'), 'Today')
    await expect(run).toBeVisible()
    await expect(page).toHaveURL(/agent=assistant&range=1/)
    await choose(page.getByLabel('Started by'), 'Me')
    await expect(page.getByText('No run fits')).toBeVisible()
    await page.reload()
    await expect(page.getByText('No run fits')).toBeVisible()
    await press(page.getByRole('button', { name: 'Show all runs' }))
    await expect(run).toBeVisible()
    await choose(page.getByLabel('Status'), 'Failed')
    await expect(page.getByText('No run fits')).toBeVisible()
    await press(page.getByRole('button', { name: 'Clear' }))
    await choose(page.getByLabel('Cost'), '$10 or more')
    await expect(page.getByText('No run fits')).toBeVisible()
    await press(page.getByRole('button', { name: 'Clear' }))
    await choose(page.getByLabel('Time'), 'From … to …')
    await reach(page.getByLabel('To', { exact: true }))
    await page.keyboard.type('12312020')
    await expect(page).toHaveURL(/to=2020-12-31/)
    await expect(page.getByText('No run fits')).toBeVisible()
    await page.goto('/t/acme/runs')
    await expect(run).toBeVisible()
    await expectAccessible(page)
    await press(run)
    await expect(page.getByText('397.8').first()).toBeVisible()
  })

  test('a run that waits for somebody goes on before the eyes of who looks at it', async () => {
    const { id } = await start('careful', 'What is 3 + 4?')
    await open(id)
    await expect(status()).toContainText('Waiting', soon)
    const link = page.getByRole('link', { name: 'Open the approval' })
    const approvalId = (await link.getAttribute('href'))?.split('/').pop() ?? ''
    const { argumentsHash } = await client.getApproval({ params: { id: approvalId } })
    const decided = await page.request.post(`/api/v1/approvals/${approvalId}/decision`, {
      headers: { 'x-tenant-id': 'acme', origin: dashboard.url },
      data: { decision: 'approve', argumentsHash },
    })
    expect(decided.status(), await decided.text()).toBe(200)
    await expect(status()).toContainText('Succeeded', soon)
    await expect(page.getByLabel('Result')).toContainText('3 + 4 = 7')

    await reach(page.getByRole('treeitem', { name: /tool calculate/ }))
    await expect(page.getByLabel('Input', { exact: true })).toContainText('3 + 4')
    await expect(page.getByLabel('Output', { exact: true })).toContainText('7')
    await expect(page).toHaveURL(/step=tool/)
    await press(page.getByRole('button', { name: 'Conversation' }))
    await expect(page.getByLabel('Conversation')).toContainText('Calls calculate')
    await press(page.getByRole('button', { name: 'Raw events' }))
    await expect(page.getByLabel('Events', { exact: true })).toContainText('"type":"approval.decided"')
    await expectAccessible(page)
  })

  test('a failed run tells what to do, and is redriven once that is done', async () => {
    const budget = await client.createBudget({
      body: { name: 'Pocket money', scope: { kind: 'agent', id: 'poor' }, period: 'month', requestLimit: 1 },
    })
    const { id } = await start('poor', 'What is 5 + 6?', 20)
    await open(id)
    await expect(page.getByLabel('Why it failed')).toContainText('Raise it or wait until it begins anew')
    await expect(page.getByLabel('Why it failed')).toContainText('Pocket money')
    await expectAccessible(page)
    await client.updateBudget({ params: { id: budget.id }, body: { requestLimit: 100 } })
    await press(page.getByRole('button', { name: 'Redrive' }))
    await expect(status()).toContainText('Succeeded', soon)
    await expect(page.getByLabel('Result')).toContainText('5 + 6 = 11')
    await expect(page.getByRole('treeitem', { name: /Attempt 1 failed/ })).toBeVisible()
  })

  test('a run is cancelled, once it is clear that this is meant', async () => {
    const { id } = await start('careful', 'What is 8 + 9?')
    await open(id)
    await press(page.getByRole('button', { name: 'Cancel run' }))
    await press(page.getByRole('alertdialog').getByRole('button', { name: 'Stop it' }))
    await expect(status()).toContainText('Cancelled', soon)
    await expect(page.getByRole('button', { name: 'Cancel run' })).toBeHidden()
  })

  test('the same run can be started from a shell, with a key of who does it', async () => {
    const { id } = await start('assistant', "It's 2 + 3?", 20)
    await open(id)
    await press(page.getByRole('button', { name: 'Copy as curl' }))
    await expect(page.getByText('Copied.')).toBeVisible()
    const copied = String(await page.evaluate('navigator.clipboard.readText()'))
    expect(copied).toContain(`curl -X POST '${dashboard.url}/api/v1/agents/assistant/runs'`)
    expect(copied).toContain('"Authorization: Bearer $API_KEY"')
    expect(copied).toContain(String.raw`It'\''s 2 + 3?`)
  })

  test('what a run delegated opens below the step that did', async () => {
    const { id } = await start('boss', 'Ask assistant to calculate 12 * 4', 30)
    await open(id)
    const child = page.getByRole('treeitem', { name: /child assistant/ })
    await reach(child)
    await page.keyboard.press('ArrowRight')
    await expect(child).toHaveAttribute('aria-expanded', 'true')
    const below = page.getByRole('treeitem', { name: /tool calculate/ })
    await expect(below).toHaveAttribute('aria-level', '2')
    await reach(below)
    await expect(page.getByLabel('Input', { exact: true })).toContainText('12 * 4')
    await page.goto('/t/acme/runs')
    await expect(page.getByText('Delegated:').first()).toBeAttached()
  })

  test('of 2,000 steps only those in sight are in the page, and all are within reach', async () => {
    const { id } = await start('counter', '2 times 1000')
    const ended = async () => (await client.getRun({ params: { id } })).status === 'succeeded'
    await waitFor(ended, { timeoutMs: 60_000 })
    await open(id)
    const tree = page.getByRole('tree')
    await expect(page.getByRole('treeitem', { name: /child counter/ })).toHaveCount(2)
    await reach(tree)
    for (const key of ['End', 'ArrowRight', 'Home', 'ArrowRight']) await page.keyboard.press(key)
    await expect(page.getByRole('treeitem', { name: /count to 1,/ })).toBeVisible(soon)
    await reach(page.getByRole('treeitem', { name: /count to 2,/ }))
    await expect(page.getByLabel('Output', { exact: true })).toContainText('2')
    const height = () => tree.evaluate((element) => element.scrollHeight)
    await expect.poll(height, soon).toBeGreaterThan(2_000 * 36)
    await page.keyboard.press('End')
    await expect(page.getByRole('treeitem', { name: /count to 1000,/ })).toBeVisible()
    await tree.evaluate((element) => element.scrollTo(0, 500 * 36))
    await expect(page.getByRole('treeitem', { name: /count to 500,/ })).toBeVisible()
    expect(await page.getByRole('treeitem').count()).toBeLessThan(80)
    const slowest = Number(await page.evaluate(scrollThrough))
    console.log(`scrolling through 2,000 steps: the slowest frame took ${Math.round(slowest)} ms`)
    await expectAccessible(page)
  }, 120_000)

  test('the overview shows the figures that the API has', async () => {
    await page.goto('/t/acme?days=1')
    const { current, agents, budgets } = await client.getOverview({ query: { days: '1' } })
    const figure = (name: string) => page.getByRole('term').filter({ hasText: name }).locator('xpath=..')
    await expect(figure('Runs')).toContainText(String(current.runs))
    await expect(figure('Success rate')).toContainText(`${Number(((current.successRate ?? 0) * 100).toFixed(1))}%`)
    for (const { agent } of agents) {
      await expect(page.getByRole('region', { name: 'Busiest agents' }).getByText(agent)).toBeVisible()
    }
    for (const { name } of budgets ?? []) await expect(page.getByRole('meter', { name })).toBeVisible()
    await expect(page.getByRole('table', { name: 'Runs by the hour' })).toContainText('Failed')
    const chart = page.getByRole('group', { name: /Runs by the hour/ })
    await reach(chart)
    await page.keyboard.press('ArrowLeft')
    await expect(page.getByRole('status').filter({ hasText: 'Not failed' })).toBeVisible()
    await press(page.getByRole('button', { name: '30 days' }))
    await expect(page).toHaveURL(/days=30/)
    await expect(page.getByRole('table', { name: 'Runs by day' })).toBeAttached()
    await expectAccessible(page)
  })

  test('somebody who may only look sees no button that would fail, and nothing of other tenants', async () => {
    const { id } = await start('careful', 'What is 1 + 2?')
    const { page: other } = await dashboard.browseAs({ roles: ['viewer'] })
    await other.goto(`/t/acme/runs/${id}`)
    await expect(other.getByRole('heading', { level: 1 })).toContainText('Waiting', soon)
    for (const name of ['Cancel run', 'Redrive', 'Copy as curl']) {
      await expect(other.getByRole('button', { name })).toBeHidden()
    }
    await other.goto('/t/acme')
    await expect(other.getByRole('heading', { name: 'Overview' })).toBeVisible()
    await expect(other.getByRole('link', { name: 'Talk to an agent' })).toBeHidden()
    await expect(other.getByText('What changed')).toBeHidden()

    const elsewhere = await (await dashboard.api('globex')).startRun({
      params: { name: 'assistant' },
      body: { message: 'hi' },
    })
    await open(elsewhere.id)
    await expect(page.getByText('Not found')).toBeVisible()
  })
})

/** Runs in the page: scrolls from end to end and tells what the slowest frame took, in milliseconds. */
const scrollThrough = `(async () => {
  const tree = document.querySelector('[role=tree]')
  let [slowest, before] = [0, performance.now()]
  for (let top = 0; top < tree.scrollHeight; top += 600) {
    tree.scrollTo(0, top)
    await new Promise(requestAnimationFrame)
    const now = performance.now()
    slowest = Math.max(slowest, now - before)
    before = now
  }
  return slowest
})()`
