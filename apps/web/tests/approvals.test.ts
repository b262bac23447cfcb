import { readFile } from 'node:fs/promises'
import type { Approval, Client } from '@freehold/contracts'
import { type ScriptedModel, startScriptedModel, waitFor } from '@freehold/testkit'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { acceptInvitation, expect, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

const question = 'What is 17% of 2340?'

describe.skipIf(!hasBrowser())('approvals, budgets and the platform', () => {
  let model: ScriptedModel | undefined
  const env: Record<string, string> = {}
  beforeAll(async () => {
    model = await startScriptedModel(() => ({ text: 'Yes.' }))
    Object.assign(env, { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: model.url })
  })
  afterAll(() => model?.[Symbol.asyncDispose]())
  const dashboard = shareDashboard(env)

  test('by the keyboard alone, the second that waits is read and approved, and its run goes on', async () => {
    const client = await dashboard.api()
    await makeCareful(client, 'careful')
    const [older] = [await startAndWait(client, 'careful'), await startAndWait(client, 'careful')]
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await page.goto('/t/acme/approvals')
    await expect(page.getByRole('heading', { name: 'Call calculate' })).toBeVisible()
    await expect(page.getByLabel('Arguments', { exact: true })).toContainText('"expression": "2340 * 17 / 100"')
    await page.keyboard.press('?')
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible()
    // None of them decides while something lies over the page.
    await page.keyboard.press('a')
    await page.keyboard.press('Escape')
    await expect(page.getByRole('dialog')).toBeHidden()
    await page.keyboard.press('j')
    await expect(page).toHaveURL(new RegExp(`id=${older.id}`))
    await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeVisible()
    await page.keyboard.press('a')
    await expect(page.getByText('Approved: the agent goes on')).toBeVisible()
    await endOf(client, older.runId, 'succeeded')
    await expect(page.getByRole('list', { name: 'Waiting' }).getByRole('listitem')).toHaveCount(1)
    await expect(page.getByRole('button', { name: 'Refuse…' })).toBeVisible()
    await page.keyboard.press('r')
    await page.getByLabel('Note').fill('ask a calculator')
    await page.getByRole('button', { name: 'Refuse', exact: true }).click()
    await expect(page.getByText('Nothing waits for you')).toBeVisible()
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByLabel('Outcome').selectOption({ label: 'Refused' })
    await expect(page).toHaveURL(/status=rejected/)
    await page.getByRole('link', { name: 'Call calculate' }).click()
    await expect(page.getByText('“ask a calculator”')).toBeVisible()
    await expect(page.getByRole('listitem').filter({ hasText: 'you refused' })).toBeVisible()
  }, 90_000)

  test('arguments that were changed are what the tool gets; what is no JSON is refused', async () => {
    const client = await dashboard.api()
    await makeCareful(client, 'corrected')
    const asked = await startAndWait(client, 'corrected')
    const { page } = await dashboard.browseAs({ roles: ['admin'] })
    await page.goto(`/t/acme/approvals/${asked.id}`)
    await page.getByRole('button', { name: 'Change and approve…' }).click()
    await page.getByRole('textbox', { name: 'Arguments' }).fill('{ "expression": ')
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click()
    await expect(page.getByText('This is not valid JSON yet.')).toBeVisible()
    await page.getByRole('textbox', { name: 'Arguments' }).fill('{ "expression": "round(2340 * 17 / 100)" }')
    await page.getByLabel('Note').fill('whole numbers, please')
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click()
    await expect(page.getByText('you approved with changes')).toBeVisible()
    await page.getByText('As the agent asked').click()
    await expect(page.getByLabel('Original arguments', { exact: true })).toContainText('"2340 * 17 / 100"')
    expect((await endOf(client, asked.runId, 'succeeded')).output).toContain('398')
  }, 60_000)

  test('who may not decide sees why, and no button', async () => {
    const client = await dashboard.api()
    await makeCareful(client, 'owners-only', { approvers: { roles: ['owner'] } })
    const asked = await startAndWait(client, 'owners-only')
    for (const [role, why] of [
      ['viewer', 'your roles don’t let you decide'],
      ['operator', 'Its policy leaves this to the role owner.'],
    ] as const) {
      const { page } = await dashboard.browseAs({ roles: [role] })
      await page.goto(`/t/acme/approvals?id=${asked.id}`)
      await expect(page.getByText(why)).toBeVisible()
      await page.keyboard.press('a')
      await page.keyboard.press('r')
      await expect(page.getByRole('button', { name: /Approve|Refuse/ })).toHaveCount(0)
      await page.goto('/t/acme/usage?tab=budgets')
      await expect(page.getByRole('button', { name: 'New budget' })).toHaveCount(role === 'operator' ? 1 : 0)
    }
    expect((await client.getApproval({ params: { id: asked.id } })).status).toBe('pending')
    await client.decideApproval({
      params: { id: asked.id },
      body: { decision: 'reject', argumentsHash: asked.argumentsHash },
    })
  }, 60_000)

  test('a run that meets its budget goes on with what somebody allows it', async () => {
    const client = await dashboard.api()
    const terms = { require: 'never' } as const
    await client.createAgent({
      body: {
        name: 'frugal',
        model: 'demo',
        tools: ['calculate'],
        approvals: { tools: { calculate: terms }, budget: {} },
      },
    })
    const scope = { kind: 'agent', id: 'frugal' } as const
    await client.createBudget({ body: { name: 'pilot', scope, period: 'total', requestLimit: 1 } })
    const asked = await startAndWait(client, 'frugal')
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await page.goto('/t/acme/approvals')
    await expect(page.getByRole('heading', { name: 'Raise “pilot” by 1 request' })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Change and approve…' })).toBeVisible()
    await page.keyboard.press('e')
    await page.getByLabel('More by, in requests').fill('5')
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click()
    await endOf(client, asked.runId, 'succeeded')
    await page.goto('/t/acme/usage?tab=budgets')
    await expect(page.getByRole('meter', { name: 'pilot: requests' })).toHaveAttribute('aria-valuetext', '2 of 6 calls')
  }, 60_000)

  test('a budget made in dollars stops a run, and one raised in dollars lets it go', async () => {
    const client = await dashboard.api()
    await client.createAgent({ body: { name: 'priced', model: 'openai/gpt-4o-mini' } })
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await page.goto('/t/acme/usage?tab=budgets')
    await page.getByRole('button', { name: 'New budget' }).click()
    await page.getByLabel('Name').fill('small money')
    await page.getByLabel('Limits').selectOption('agent')
    await page.getByLabel('Only for').selectOption('priced')
    await page.getByRole('button', { name: 'Make budget' }).click()
    await expect(page.getByRole('alert')).toContainText('at least one')
    await page.getByLabel('Limit in dollars').fill('0.0001')
    await page.getByRole('button', { name: 'Make budget' }).click()
    const item = page.getByRole('listitem').filter({ hasText: 'small money' })
    await expect(item).toContainText('$0.0001 per month')
    const stopped = await client.startRun({ params: { name: 'priced' }, body: { message: 'Really?' } })
    expect((await endOf(client, stopped.id, 'failed')).error).toMatchObject({ code: 'budget_exceeded' })
    await item.getByRole('button', { name: 'Actions for small money' }).click()
    await page.getByRole('menuitem', { name: 'Change…' }).click()
    await expect(page.getByLabel('Limit in dollars')).toHaveValue('0.0001')
    await page.getByLabel('Limit in dollars').fill('5')
    await page.getByRole('button', { name: 'Change', exact: true }).click()
    await expect(item).toContainText('$5.00 per month')
    const run = await client.startRun({ params: { name: 'priced' }, body: { message: 'Really?' } })
    await endOf(client, run.id, 'succeeded')
    await page.reload()
    // 100 tokens in at $0.15 and 10 out at $0.60 for each million.
    await expect(item).toContainText('$0.000021 of $5.00')
    await item.getByRole('button', { name: 'Actions for small money' }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete budget' }).click()
    await expect(item).toBeHidden()
  }, 90_000)

  test('usage shows what the API says, by day and by agent, and is exported so', async () => {
    const client = await dashboard.api()
    const { page } = await dashboard.browseAs({ roles: ['viewer'] })
    await page.goto('/t/acme/usage?measure=calls')
    const usage = await client.summarizeUsage({ query: { groupBy: 'agent' } })
    const total = page.locator('dl').filter({ hasText: 'Calls of models' })
    await expect(total).toContainText(`Calls of models${usage.total.calls}`)
    for (const { key, calls } of usage.items) {
      await expect(page.getByRole('row').filter({ hasText: key ?? '' })).toContainText(String(calls))
    }
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV by agent' }).click()
    const csv = await readFile(await (await saving).path(), 'utf8')
    expect(csv.split('\r\n')[0]).toBe(
      'agent,name,costUsd,runs,calls,inputTokens,outputTokens,cacheReadTokens,unpricedCalls',
    )
    expect(csv).toMatch(/^priced,,0\.000021,1,1,100,10,0,0\r$/m)
    await page.getByRole('button', { name: 'Model', exact: true }).click()
    await expect(page).toHaveURL(/by=model/)
    await expect(page.getByRole('row').filter({ hasText: 'openai/gpt-4o-mini' })).toBeVisible()
  }, 60_000)

  test('a tenant is set up step by step; its owner gets in by the link that is shown', async () => {
    const { page } = await dashboard.browseAsOwner()
    const link = await setUpTenant(page, { name: 'initech', owner: 'ann@initech.example' })
    const { page: annsPage } = await dashboard.browse()
    const token = new URL(link).pathname.split('/').at(-1) ?? ''
    await acceptInvitation(dashboard, annsPage, { email: 'ann@initech.example', token })
    await annsPage.goto('/t/initech/usage?tab=budgets')
    await expect(annsPage.getByText('$250.00 per month')).toBeVisible()
    await page.getByRole('link', { name: 'To all tenants' }).click()
    await page.getByLabel('Find a tenant').fill('inite')
    await expect(page.getByRole('row')).toHaveCount(2)
    await chooseFor(page, 'initech', 'Suspend…')
    await page.getByRole('button', { name: 'Suspend tenant' }).click()
    const row = page.getByRole('row', { name: /initech/ })
    await expect(row).toContainText('Suspended')
    await chooseFor(page, 'initech', 'Resume…')
    await page.getByRole('button', { name: 'Resume tenant' }).click()
    await expect(row).toContainText('Active')
    await chooseFor(page, 'initech', 'Support access…')
    await page.getByLabel('Reason').fill('Ticket 7')
    await page.getByRole('button', { name: 'Join' }).click()
    await expect(page).toHaveURL(/\/t\/initech$/)
  }, 90_000)

  test('the pages of the installation are not found by those who don’t run it', async () => {
    const { page } = await dashboard.browseAs({ roles: ['owner'] })
    for (const path of ['/platform', '/platform/new', '/platform/plans']) {
      await page.goto(path)
      await expect(page.getByText('Not found')).toBeVisible()
    }
  }, 60_000)
})

interface Terms {
  approvers?: { roles: ('owner' | 'admin')[] }
}

/** An agent whose calculations need an approval. */
async function makeCareful(client: Client, name: string, terms: Terms = {}): Promise<void> {
  const approvals = { tools: { calculate: { require: 'always' as const, ...terms } } }
  await client.createAgent({ body: { name, model: 'demo', tools: ['calculate'], approvals } })
}

/** Starts a run. Resolves with what it waits for. */
async function startAndWait(client: Client, agent: string): Promise<Approval> {
  const run = await client.startRun({ params: { name: agent }, body: { message: question } })
  const asked = await waitFor(
    async () => (await client.listApprovals({ query: { runId: run.id, status: 'pending' } })).items[0],
    { what: 'the approval to be asked for' },
  )
  return client.getApproval({ params: { id: asked.id } })
}

async function endOf(client: Client, id: string, status: 'succeeded' | 'failed') {
  return waitFor(
    async () => {
      const run = await client.getRun({ params: { id } })
      return run.status === status ? run : undefined
    },
    { what: `the run to have ${status}` },
  )
}

/** As the platform's owner does it in the wizard. Resolves with the link of its owner's invitation. */
async function setUpTenant(page: Page, { name, owner }: { name: string; owner: string }): Promise<string> {
  await page.goto('/platform')
  await page.getByRole('link', { name: 'New tenant' }).first().click()
  await page.getByLabel('Name').fill(name)
  await page.keyboard.press('Enter')
  await page.getByLabel('Address of its owner').fill(owner)
  await page.keyboard.press('Enter')
  await page.getByLabel('First team').fill('Support')
  await page.getByLabel('Budget per month, in dollars').fill('250')
  await page.keyboard.press('Enter')
  await expect(page.getByText('$250.00 per month')).toBeVisible()
  await page.getByRole('button', { name: 'Create tenant' }).click()
  await expect(page.getByRole('heading', { name: `${name} is ready` })).toBeVisible()
  await expect(page.getByLabel('First key', { exact: true })).toContainText(/\w{20}/)
  return (await page.getByLabel(`Invitation of ${owner}`, { exact: true }).textContent()) ?? ''
}

async function chooseFor(page: Page, tenant: string, entry: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${tenant}` }).click()
  await page.getByRole('menuitem', { name: entry }).click()
}
