import { sampleLogo } from '@freehold/testkit'
import type { Page } from '@playwright/test'
import { describe, test } from 'vitest'
import { choose, press, reach, write } from './by-keyboard.fixture.ts'
import { expect, hasBrowser, shareDashboard } from './dashboard.fixture.ts'
import { act, confirm, contract, openPage, rowOf } from './manage.fixture.ts'

const pages = {
  members: 'Members',
  teams: 'Teams',
  connections: 'Connections',
  branding: 'Branding',
  settings: 'Settings',
  webhooks: 'Webhooks',
  flags: 'Flags',
  services: 'Services',
}

const zones = ['Europe/Berlin', 'Europe/Zurich']

describe.skipIf(!hasBrowser())('managing a tenant', () => {
  const dashboard = shareDashboard()
  let owner: Promise<Page> | undefined
  const openAsOwner = async (path: string, title: string) => {
    owner ??= dashboard.browseAsOwner().then((opened) => opened.page)
    const page = await owner
    await openPage(page, path, title)
    return page
  }

  test('somebody is invited with a link to pass on, which can be taken back', async () => {
    const page = await openAsOwner('members', 'Members')
    await press(page.getByRole('button', { name: 'Invite' }))
    const dialog = page.getByRole('dialog')
    await write(dialog.getByLabel('Email'), 'ada@example.com')
    await press(dialog.getByRole('checkbox', { name: /^builder/ }))
    await press(dialog.getByRole('button', { name: 'Invite' }))
    await expect(dialog.getByText(/\/invitations\/[\w-]{20,}/)).toBeVisible()
    await press(dialog.getByRole('button', { name: 'Done' }))
    const invitation = rowOf(page, 'Invitations', 'ada@example.com')
    await expect(invitation).toContainText('pending')
    await press(invitation.getByRole('button', { name: /^Take back/ }))
    await confirm(page, 'Take back')
    await expect(invitation).toContainText('revoked')
  })

  test('a double click invites and makes a key once', async () => {
    const page = await openAsOwner('members', 'Members')
    await press(page.getByRole('button', { name: 'Invite' }))
    const dialog = page.getByRole('dialog')
    await write(dialog.getByLabel('Email'), 'twice@example.com')
    await dialog.getByRole('button', { name: 'Invite' }).dblclick()
    await expect(dialog.getByText(/\/invitations\/[\w-]{20,}/)).toBeVisible()
    await openPage(page, 'members', 'Members')
    await expect(rowOf(page, 'Invitations', 'twice@example.com')).toHaveCount(1)

    await openPage(page, 'keys', 'Keys')
    await press(page.getByRole('button', { name: 'New key' }).first())
    await write(dialog.getByLabel('Name'), 'made twice')
    await dialog.getByRole('button', { name: 'Make key' }).dblclick()
    await expect(dialog.getByText(/^fht_/)).toBeVisible()
    await openPage(page, 'keys', 'Keys')
    await expect(rowOf(page, 'Keys', 'made twice')).toHaveCount(1)
  })

  test('a service account gets other roles and a key that acts as it until it is removed', async () => {
    const page = await openAsOwner('members', 'Members')
    await press(page.getByRole('button', { name: 'New service account' }))
    await write(page.getByRole('dialog').getByLabel('Name'), 'nightly')
    await press(page.getByRole('button', { name: 'Make account' }))
    await act(page, 'nightly', 'Change roles')
    await press(page.getByRole('dialog').getByRole('checkbox', { name: /^viewer/ }))
    await press(page.getByRole('button', { name: 'Save' }))
    await expect(rowOf(page, 'Members', 'nightly')).toContainText('viewer')

    await openPage(page, 'keys', 'Keys')
    await press(page.getByRole('button', { name: 'New key' }).first())
    const dialog = page.getByRole('dialog')
    await write(dialog.getByLabel('Name'), 'nightly job')
    await choose(dialog.getByLabel('It acts as'), 'nightly')
    await choose(dialog.getByLabel('It stops working'), 'in 30 days')
    await press(dialog.getByRole('button', { name: 'Make key' }))
    await expect(dialog.getByText(/^fht_/)).toBeVisible()
    await press(dialog.getByRole('button', { name: 'Done' }))
    await expect(rowOf(page, 'Keys', 'nightly job')).toContainText('Until')
    await press(rowOf(page, 'Keys', 'nightly job').getByRole('button', { name: 'Revoke' }))
    await confirm(page, 'Revoke key')
    await expect(rowOf(page, 'Keys', 'nightly job')).toContainText('Revoked')

    await openPage(page, 'members', 'Members')
    await act(page, 'nightly', 'Remove')
    await confirm(page, 'Remove')
    await expect(rowOf(page, 'Members', 'nightly')).toHaveCount(0)
  })

  test('support is seen with its reason, and its access is ended', async () => {
    const { page } = await dashboard.browseAs({ tenant: 'globex', roles: ['owner'] })
    const { page: guest } = await dashboard.browseAsOwner()
    const { actor } = await (await guest.request.get('/api/v1/whoami')).json()
    const globex = await dashboard.api('globex')
    // Who belongs to a tenant is no guest there.
    await globex.removeMember({ params: { id: actor.id } })
    const { id } = await globex.getOwnTenant()
    const support = await guest.request.post(`/api/v1/tenants/${id}/support`, {
      headers: { origin: dashboard.url, 'idempotency-key': crypto.randomUUID() },
      data: { reason: 'ticket 4711' },
    })
    expect(support.status()).toBe(201)
    await openPage(page, 'members', 'Members', 'globex')
    await expect(page.getByText(/^ticket 4711 – until /)).toBeVisible()
    await press(page.getByRole('button', { name: 'End access' }))
    await confirm(page, 'End access')
    await expect(page.getByText(/ticket 4711/)).toHaveCount(0)
  })

  test('a team gets a member and an agent, and shares it with another team', async () => {
    const page = await openAsOwner('teams', 'Teams')
    for (const name of ['claims', 'sales']) {
      await press(page.getByRole('button', { name: 'New team' }).first())
      await write(page.getByRole('dialog').getByLabel('Name'), name)
      await press(page.getByRole('button', { name: 'Make team' }))
      await expect(page.getByRole('link', { name })).toBeVisible()
    }
    await press(page.getByRole('link', { name: 'claims' }))
    await page.getByRole('heading', { level: 1, name: 'claims' }).waitFor()
    await press(page.getByRole('button', { name: 'Add member' }))
    const somebody = page.getByRole('dialog').getByLabel('Member', { exact: true })
    await choose(somebody, (await somebody.locator('option').nth(1).textContent()) ?? '')
    await press(page.getByRole('button', { name: 'Add', exact: true }))
    await expect(page.getByRole('region', { name: 'Members of the team' })).toContainText('viewer')
    await press(page.getByRole('button', { name: 'Give it something' }))
    await choose(page.getByRole('dialog').getByLabel('What', { exact: true }), 'assistant')
    await press(page.getByRole('dialog').getByRole('checkbox', { name: 'sales' }))
    await press(page.getByRole('button', { name: 'Give', exact: true }))
    await expect(rowOf(page, 'What the team owns', 'assistant')).toContainText('with sales')
    await act(page, 'assistant', 'Give back')
    await confirm(page, 'Give back')
    await expect(page.getByText('The team owns nothing yet')).toBeVisible()
  })

  test('a secret is set, used, replaced, and its value is in no page and no answer', async () => {
    const page = await openAsOwner('connections', 'Connections')
    const value = 'hunter2-and-then-some'
    const answers: Promise<string>[] = []
    page.on('response', (response) => {
      if (response.url().includes('/api/v1/')) answers.push(response.text().catch(() => ''))
    })
    await press(page.getByRole('button', { name: 'Connect' }).first())
    const dialog = page.getByRole('dialog')
    await choose(dialog.getByLabel('Connect', { exact: true }), 'an API that agents call')
    await write(dialog.getByLabel('Name', { exact: true }), 'billing')
    await write(dialog.getByLabel('Scheme and host'), 'https://api.example.com')
    await write(dialog.getByLabel('Value', { exact: true }), value)
    await press(dialog.getByRole('button', { name: 'Connect' }))
    await expect(rowOf(page, 'Connections', 'billing')).toContainText('https://api.example.com')
    await expect(rowOf(page, 'Secrets', 'billing-key')).toContainText('billing')
    await act(page, 'billing-key', 'Replace value')
    await expect(dialog.getByLabel('Value', { exact: true })).toHaveValue('')
    await write(dialog.getByLabel('Value', { exact: true }), `${value}-2`)
    await press(dialog.getByRole('button', { name: 'Replace' }))
    await expect(rowOf(page, 'Secrets', 'billing-key').getByRole('cell').nth(1)).toHaveText('2')
    await page.reload()
    await rowOf(page, 'Secrets', 'billing-key').waitFor()
    expect(await page.content()).not.toContain(value)
    expect((await Promise.all(answers)).join()).not.toContain(value)
  })

  test('colours are warned of, a logo is set, and a host is claimed with the record to copy', async () => {
    const page = await openAsOwner('branding', 'Branding')
    await write(page.getByLabel('Name', { exact: true }), 'Acme Agents')
    for (const [name, color] of [
      ['Main colour', '#0b5fff'],
      ['Background', '#ffffff'],
      ['Text', '#fefefe'],
    ] as const) {
      await write(page.getByLabel(name, { exact: true }), color)
    }
    await expect(page.getByText('Sign in to Acme Agents')).toBeVisible()
    await press(page.getByRole('button', { name: 'Save' }))
    await expect(page.getByText(/text #fefefe on background #ffffff has a contrast of/)).toBeVisible()
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      press(page.getByRole('button', { name: 'Upload logo' })),
    ])
    const logo = Buffer.from(sampleLogo, 'base64')
    await chooser.setFiles({ name: 'logo.png', mimeType: 'image/png', buffer: logo })
    await expect(page.getByRole('img', { name: 'The logo' })).toBeVisible()
    await press(page.getByRole('button', { name: 'Remove' }))
    await confirm(page, 'Remove logo')
    await write(page.getByLabel('Host name'), 'agents.acme.example')
    await press(page.getByRole('button', { name: 'Claim' }))
    await expect(page.getByText('_custom-host.agents.acme.example')).toBeVisible()
    await expect(page.getByText(/^host-verify=/)).toBeVisible()
    await press(page.getByRole('button', { name: 'Verify' }))
    await expect(page.getByRole('main').getByRole('alert')).toBeVisible({ timeout: 20_000 })
    await press(page.getByRole('button', { name: 'Give up' }))
    await confirm(page, 'Give up host')
    await expect(page.getByRole('button', { name: 'Claim' })).toBeVisible()
  })

  test('the audit trail is filtered by its address, opens to before and after, verifies and is exported', async () => {
    const client = await dashboard.api()
    // More than a page of them.
    for (let change = 0; change < 50; change++) await client.updateOwnTenant({ body: { timeZone: zones[change % 2] } })
    const page = await openAsOwner('settings', 'Settings')
    await write(page.getByLabel('Time zone'), 'Europe/Berlin')
    await choose(page.getByLabel('Hosts that agents may reach'), 'only these')
    await write(page.getByLabel('Allowed hosts'), 'api.example.com\n*.example.org')
    await press(page.getByRole('button', { name: 'Save' }))
    await expect(page.getByText('The settings are saved')).toBeVisible()
    await expect(page.getByText('Runs this month')).toBeVisible()

    await openPage(page, 'audit', 'Audit')
    await choose(page.getByLabel('What was done'), 'tenant.updated')
    await expect(page).toHaveURL(/action=tenant\.updated/)
    await reach(page.getByLabel('From', { exact: true }))
    await page.keyboard.type('01012020')
    await expect(page).toHaveURL(/from=2020-01-01/)
    const entry = page.getByRole('listitem').filter({ hasText: 'tenant.updated' }).first()
    await press(entry.locator('summary'))
    await expect(entry.getByRole('row', { name: /timeZone.*Europe\/Berlin/ })).toBeVisible()
    await expect(entry.getByRole('row', { name: /allowedHosts.*api\.example\.com, \*\.example\.org/ })).toBeVisible()
    await press(page.getByRole('button', { name: 'Clear' }))
    const entries = page.getByRole('list', { name: 'Changes' }).locator('summary')
    await expect(entries).toHaveCount(50)
    await press(page.getByRole('button', { name: 'Show more' }))
    await expect(entries.nth(50)).toBeVisible()
    await press(page.getByRole('button', { name: 'Verify the chain' }))
    await expect(page.getByText('The chain is whole')).toBeVisible()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      press(page.getByRole('button', { name: 'Export' })),
    ])
    expect(download.suggestedFilename()).toBe('audit-acme.jsonl')
  })

  test('a webhook shows its secret once, is tested, rotated, switched off and deleted', async () => {
    const page = await openAsOwner('webhooks', 'Webhooks')
    const url = 'https://hooks.example.com/in'
    await press(page.getByRole('button', { name: 'New webhook' }).first())
    const dialog = page.getByRole('dialog')
    await write(dialog.getByLabel('Address'), url)
    await press(dialog.getByRole('button', { name: 'Make webhook' }))
    await expect(dialog.getByText(/^whsec_/)).toBeVisible()
    await press(dialog.getByRole('button', { name: 'Done' }))
    await expect(page.getByText(/whsec_/)).toHaveCount(0)
    await act(page, url, 'Send a test')
    await expect(dialog.getByRole('link', { name: 'Its attempts' })).toBeVisible()
    await press(dialog.getByRole('button', { name: 'Done' }))
    await act(page, url, 'Rotate secret')
    await confirm(page, 'Make a new one')
    await expect(dialog.getByText(/^whsec_/)).toBeVisible()
    await press(dialog.getByRole('button', { name: 'Done' }))
    await act(page, url, 'Switch off')
    await expect(rowOf(page, 'Webhooks', url)).toContainText('off')
    await act(page, url, 'Delete')
    await confirm(page, 'Delete webhook')
    await expect(page.getByText('No webhooks yet')).toBeVisible()
  })

  test('a flag goes to a share and by a rule, says what it says to somebody, and is switched off', async () => {
    const page = await openAsOwner('flags', 'Flags')
    await choose(page.getByLabel('Environment'), 'staging')
    await expect(page).toHaveURL(/environment=staging/)
    await press(page.getByRole('button', { name: 'New flag' }).first())
    const dialog = page.getByRole('dialog')
    await write(dialog.getByLabel('Name'), 'new-prompt')
    await press(dialog.getByRole('button', { name: 'Rule' }))
    await write(dialog.getByLabel('Attribute of rule 1'), 'plan')
    await write(dialog.getByLabel('Values of rule 1'), 'gold')
    await write(dialog.getByLabel('When no rule holds: percent of on'), '0')
    await press(dialog.getByRole('button', { name: 'Make flag' }))
    await expect(rowOf(page, 'Flags', 'new-prompt')).toContainText('after one rule')
    await press(page.getByRole('button', { name: 'Try new-prompt' }))
    await write(dialog.getByLabel('Attributes'), 'plan = gold')
    await press(dialog.getByRole('button', { name: 'Ask' }))
    await expect(dialog.getByRole('status')).toContainText('by the variant on')
    await press(dialog.getByRole('button', { name: 'Cancel' }))
    const isOn = page.getByRole('switch', { name: 'new-prompt is on' })
    await press(isOn)
    await expect(isOn).not.toBeChecked()
  })

  test('a service is registered from a file, and a contract that breaks a consumer is shown and refused', async () => {
    const page = await openAsOwner('services', 'Services')
    await press(page.getByRole('button', { name: 'Register' }).first())
    const dialog = page.getByRole('dialog')
    await write(dialog.getByLabel('Name'), 'orders')
    await choose(dialog.getByLabel('Calls in production go'), 'to an HTTP server')
    await write(dialog.getByLabel('Address in production'), 'https://orders.example.com')
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      press(dialog.getByRole('button', { name: 'Take it from a file' })),
    ])
    const buffer = Buffer.from(JSON.stringify(contract({ id: { type: 'string' }, total: { type: 'integer' } })))
    await chooser.setFiles({ name: 'orders.json', mimeType: 'application/json', buffer })
    await expect(dialog.getByLabel('Contract')).toHaveValue(/openapi/)
    await press(dialog.getByRole('button', { name: 'Register' }))
    await press(page.getByRole('link', { name: 'orders' }))
    await expect(page.getByText('https://orders.example.com')).toBeVisible()
    await press(page.getByRole('button', { name: 'Add consumer' }))
    await write(dialog.getByLabel('Consumer'), 'billing')
    await write(dialog.getByLabel('Relies on'), 'GET /orders/{id} total')
    await press(dialog.getByRole('button', { name: 'Save' }))
    await expect(rowOf(page, 'Consumers', 'billing')).toContainText('GET /orders/{id} total')
    await press(page.getByRole('button', { name: 'Change', exact: true }))
    await write(dialog.getByLabel('Contract'), JSON.stringify(contract({ id: { type: 'string' } })))
    await press(dialog.getByRole('button', { name: 'Save' }))
    await expect(dialog.getByText('The contract breaks who relies on it')).toBeVisible()
    await expect(dialog.getByText(/billing.*total/)).toBeVisible()
  })

  test('two people who change different parts of the same in dialogs keep both changes', async () => {
    const client = await dashboard.api()
    const { id } = await client.createServiceAccount({ body: { name: 'shared', roles: ['viewer'] } })
    const page = await openAsOwner('members', 'Members')
    const dialog = page.getByRole('dialog')
    const save = async (action: string) => {
      await press(dialog.getByRole('button', { name: action }))
      await dialog.waitFor({ state: 'detached' })
    }
    await act(page, 'shared', 'Change roles')
    await press(dialog.getByRole('checkbox', { name: /^viewer/ }))
    await client.updateMember({ params: { id }, body: { roles: ['viewer', 'operator'] } })
    await press(dialog.getByRole('checkbox', { name: /^builder/ }))
    await save('Save')
    const members = await client.listMembers({ query: { limit: 200 } })
    expect(members.items.find((each) => each.id === id)?.roles.toSorted()).toEqual(['builder', 'operator'])

    const limits = { period: 'month', tokenLimit: 1_000, softPercent: 50 } as const
    const budget = await client.createBudget({ body: { name: 'both', ...limits } })
    const params = { id: budget.id }
    await page.goto('/t/acme/usage?tab=budgets')
    await act(page, 'both', 'Change…')
    await write(dialog.getByLabel('Limit in tokens'), '2000')
    await client.updateBudget({ params, body: { softPercent: null, limitNanos: 5_000_000_000 } })
    await save('Change')
    const changed = { tokenLimit: 2_000, softPercent: null, limitNanos: 5_000_000_000 }
    expect(await client.getBudget({ params })).toMatchObject(changed)
    await expect(page.getByText('$5.00, 2,000 tokens per month')).toBeVisible()
    await act(page, 'both', 'Change…')
    await save('Change')
    expect(await client.getBudget({ params })).toMatchObject(changed)

    const flag = { params: { name: 'both' }, query: { environment: 'development' } } as const
    await client.putFlag({ ...flag, body: { description: 'before' } })
    await openPage(page, 'flags?environment=development', 'Flags')
    await act(page, 'both', 'Change')
    await write(dialog.getByLabel('What it is for'), 'after')
    const serve = [{ variant: 'off', percent: 100 }]
    await client.putFlag({ ...flag, body: { description: 'before', serve } })
    await save('Save')
    expect(await client.getFlag(flag)).toMatchObject({ description: 'after', serve })
  })

  test('settings and branding that two people change in turn keep both changes, and show them', async () => {
    const client = await dashboard.api()
    await client.updateOwnTenant({ body: { timeZone: 'Europe/Berlin', allowedHosts: null } })
    const page = await openAsOwner('settings', 'Settings')
    const save = page.getByRole('button', { name: 'Save' })
    await write(page.getByLabel('Time zone'), 'Europe/Zurich')
    await client.updateOwnTenant({ body: { allowedHosts: ['a.example.com'] } })
    await press(save)
    await expect(page.getByLabel('Allowed hosts')).toHaveValue('a.example.com')
    await press(save)
    await expect(page.getByText('Nothing was changed')).toBeVisible()
    const after = { timeZone: 'Europe/Zurich', allowedHosts: ['a.example.com'] }
    expect(await client.getOwnTenant()).toMatchObject(after)

    await client.putBranding({ body: { name: 'Before', colors: { primary: '#0b5fff' } } })
    await openPage(page, 'branding', 'Branding')
    await write(page.getByLabel('Name', { exact: true }), 'After')
    await write(page.getByLabel('Text', { exact: true }), '#111111')
    const colors = { primary: '#0b5fff', background: '#ffffff' }
    await client.putBranding({ body: { name: 'Before', colors, supportAddress: 'help@example.com' } })
    await press(save)
    await expect(page.getByLabel('Support')).toHaveValue('help@example.com')
    expect(await client.getBranding()).toMatchObject({
      name: 'After',
      colors: { ...colors, text: '#111111' },
      supportAddress: 'help@example.com',
    })
  })

  test('a viewer sees no button that would fail on any page', async () => {
    const { page } = await dashboard.browseAs({ roles: ['viewer'] })
    for (const [path, title] of Object.entries(pages)) {
      await openPage(page, path, title)
      await page.getByRole('status', { name: 'Loading' }).first().waitFor({ state: 'detached' })
      // What is left asks or copies.
      const buttons = page.getByRole('main').getByRole('button', { name: /^(?!Copy|Try)/ })
      expect(await buttons.allInnerTexts(), path).toEqual([])
      for (const input of await page.getByRole('main').locator('form input, form select').all()) {
        await expect(input, path).toBeDisabled()
      }
    }
    await page.goto('/t/acme/connections')
    await expect(page.getByRole('heading', { name: 'Secrets' })).toHaveCount(0)
  })
})
