import { readFile } from 'node:fs/promises'
import type { Approval, Client } from '@freehold/contracts'
import { type ScriptedModel, startScriptedModel, waitFor } from '@freehold/testkit'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { choose, press, write } from './by-keyboard.fixture.ts'
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
    await expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeFocused()
    await page.keyboard.press('a')
    await expect(page.getByText('Approved: the agent goes on')).toBeVisible()
    await endOf(client, older.runId, 'succeeded')
    await expect(page.getByRole('list', { name: 'Waiting' }).getByRole('listitem')).toHaveCount(1)
    await expect(page.getByRole('button', { name: 'Refuse…' })).toBeVisible()
    await page.keyboard.press('r')
    await write(page.getByLabel('Note'), 'ask a calculator')
    await press(page.getByRole('button', { name: 'Refuse', exact: true }))
    await expect(page.getByText('Nothing waits for you')).toBeVisible()
    await press(page.getByRole('tab', { name: 'History' }))
    await choose(page.getByLabel('Outcome'), 'Refused')
    await expect(page).toHaveURL(/status=rejected/)
    await press(page.getByRole('link', { name: 'Call calculate' }))
    await expect(page.getByText('“ask a calculator”')).toBeVisible()
    await expect(page.getByRole('listitem').filter({ hasText: 'you refused' })).toBeVisible()
  }, 90_000)

  test('arguments that were changed are what the tool gets; what is no JSON is refused', async () => {
    const client = await dashboard.api()
    await makeCareful(client, 'corrected')
    const asked = await startAndWait(client, 'corrected')
    const { page } = await dashboard.browseAs({ roles: ['admin'] })
    await page.goto(`/t/acme/approvals/${asked.id}`)
    await press(page.getByRole('button', { name: 'Change and approve…' }))
    await write(page.getByRole('textbox', { name: 'Arguments' }), '{ "expression": ')
    await press(page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }))
    await expect(page.getByText('This is not valid JSON yet.')).toBeVisible()
    await write(page.getByRole('textbox', { name: 'Arguments' }), '{ "expression": "round(2340 * 17 / 100)" }')
    await write(page.getByLabel('Note'), 'whole numbers, please')
    await press(page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }))
    await expect(page.getByText('you approved with changes')).toBeVisible()
    await press(page.locator('summary', { hasText: 'As the agent asked' }))
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
    await write(page.getByLabel('More by, in requests'), '5')
    await press(page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }))
    await endOf(client, asked.runId, 'succeeded')
    await page.goto('/t/acme/usage?tab=budgets')
    await expect(page.getByRole('meter', { name: 'pilot: calls' })).toHaveAttribute('aria-valuetext', '2 of 6 calls')
  }, 60_000)

  test('a budget made in dollars stops a run, and one raised in dollars lets it go', async () => {
    const client = await dashboard.api()
    await client.createAgent({ body: { name: 'priced', model: 'openai/gpt-4o-mini' } })
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await page.goto('/t/acme/usage?tab=budgets')
    await press(page.getByRole('button', { name: 'New budget' }))
    await write(page.getByLabel('Name'), 'small money')
    await choose(page.getByLabel('Limits'), 'Each agent')
    await choose(page.getByLabel('Only for'), 'priced')
    await press(page.getByRole('button', { name: 'Make budget' }))
    await expect(page.getByRole('alert')).toContainText('at least one')
    await write(page.getByLabel('Limit in dollars'), '0.0001')
    await press(page.getByRole('button', { name: 'Make budget' }))
    const item = page.getByRole('listitem').filter({ hasText: 'small money' })
    await expect(item).toContainText('$0.0001 per month')
    const stopped = await client.startRun({ params: { name: 'priced' }, body: { message: 'Really?' } })
    expect((await endOf(client, stopped.id, 'failed')).error).toMatchObject({ code: 'budget_exceeded' })
    await press(item.getByRole('button', { name: 'Actions for small money' }))
    await press(page.getByRole('menuitem', { name: 'Change…' }))
    await expect(page.getByLabel('Limit in dollars')).toHaveValue('0.0001')
    await write(page.getByLabel('Limit in dollars'), '5')
    await press(page.getByRole('button', { name: 'Change', exact: true }))
    await expect(item).toContainText('$5.00 per month')
    const run = await client.startRun({ params: { name: 'priced' }, body: { message: 'Really?' } })
    await endOf(client, run.id, 'succeeded')
    await page.reload()
    // 100 tokens in at $0.15 and 10 out at $0.60 for each million.
    await expect(item).toContainText('$0.000021 of $5.00')
    await press(item.getByRole('button', { name: 'Actions for small money' }))
    await press(page.getByRole('menuitem', { name: 'Delete…' }))
    await press(page.getByRole('button', { name: 'Delete budget' }))
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
    await press(page.getByRole('button', { name: 'Export CSV by agent' }))
    const csv = await readFile(await (await saving).path(), 'utf8')
    expect(csv.split('\r\n')[0]).toBe(
      'agent,name,costUsd,runs,calls,inputTokens,outputTokens,cacheReadTokens,unpricedCalls',
    )
    expect(csv).toMatch(/^priced,,0\.000021,1,1,100,10,0,0\r$/m)
    await press(page.getByRole('button', { name: 'Model', exact: true }))
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
    await press(page.getByRole('link', { name: 'To all tenants' }))
    await write(page.getByLabel('Find a tenant'), 'inite')
    await expect(page.getByRole('row')).toHaveCount(2)
    await chooseFor(page, 'initech', 'Change plan…')
    await press(page.getByRole('dialog').getByRole('button', { name: 'Change plan' }))
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await chooseFor(page, 'initech', 'Suspend…')
    await press(page.getByRole('button', { name: 'Suspend tenant' }))
    const row = page.getByRole('row', { name: /initech/ })
    await expect(row).toContainText('Suspended')
    await chooseFor(page, 'initech', 'Resume…')
    await press(page.getByRole('button', { name: 'Resume tenant' }))
    await expect(row).toContainText('Active')
    await chooseFor(page, 'initech', 'Support access…')
    await write(page.getByLabel('Reason'), 'Ticket 7')
    await press(page.getByRole('button', { name: 'Join' }))
    await expect(page).toHaveURL(/\/t\/initech$/)
  }, 90_000)

  test('each step of a new tenant tells what can not be, and a reload loses nothing', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/platform/new')
    const next = page.getByRole('button', { name: 'Next' })
    const name = page.getByLabel('Name', { exact: true })
    await write(name, 'acme')
    await press(next)
    await expect(name).toHaveAccessibleDescription(/There is a tenant of this name already/)
    await write(name, 'umbrella')
    await page.reload()
    await expect(name).toHaveValue('umbrella')
    await press(next)
    const owner = page.getByLabel('Address of its owner')
    await write(owner, 'a@b')
    await press(next)
    await expect(owner).toHaveAccessibleDescription(/an e-mail address, such as/)
    await write(owner, '')
    await press(next)
    await expect(page.getByRole('heading', { name: 'What it begins with' })).toBeVisible()
  })

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
  await press(page.getByRole('link', { name: 'New tenant' }).first())
  await write(page.getByLabel('Name'), `${name} & Söhne`)
  await expect(page.getByText('use lower-case letters, digits and hyphens')).toBeVisible()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Name and plan' })).toBeVisible()
  await write(page.getByLabel('Name'), name)
  await page.keyboard.press('Enter')
  await write(page.getByLabel('Address of its owner'), owner)
  await page.keyboard.press('Enter')
  await write(page.getByLabel('First team'), 'Support')
  await write(page.getByLabel('Budget per month, in dollars'), '250')
  await page.keyboard.press('Enter')
  await expect(page.getByText('$250.00 per month')).toBeVisible()
  await press(page.getByRole('button', { name: 'Create tenant' }))
  await expect(page.getByRole('heading', { name: `${name} is ready` })).toBeVisible()
  await expect(page.getByLabel('First key', { exact: true })).toContainText(/\w{20}/)
  return (await page.getByLabel(`Invitation of ${owner}`, { exact: true }).textContent()) ?? ''
}

async function chooseFor(page: Page, tenant: string, entry: string): Promise<void> {
  await press(page.getByRole('button', { name: `Actions for ${tenant}` }))
  await press(page.getByRole('menuitem', { name: entry }))
}
