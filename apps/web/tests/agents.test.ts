import type { Page } from '@playwright/test'
import { describe, test } from 'vitest'
import { choose, press, reach, write } from './by-keyboard.fixture.ts'
import { expect, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

describe.skipIf(!hasBrowser())('agents', () => {
  const dashboard = shareDashboard()

  test('an agent is made from a sample, changed, compared, tried, released step by step and rolled back', async () => {
    const { page } = await dashboard.browseAs({ roles: ['builder'] })
    await page.goto('/t/acme/agents')
    await press(page.getByRole('link', { name: 'New agent' }))
    await makeFromSample(page, 'desk')
    await changePrompt(page)
    await compare(page)
    await tryOut(page)
    await release(page)
  }, 60_000)

  test('what was saved meanwhile is shown before it is saved over, and is taken over or kept', async () => {
    const client = await dashboard.api()
    const params = { name: 'shared' }
    const saveElsewhere = (system: string) =>
      client.createAgentVersion({ params, body: { model: 'demo', prompts: { system } } })
    await client.createAgent({ body: { ...params, model: 'demo', prompts: { system: 'Be kind.' } } })
    const { page } = await dashboard.browseAs({ roles: ['builder'] })
    await page.goto('/t/acme/agents/shared')
    await write(page.getByLabel('Description', { exact: true }), 'Answers letters')
    const read = page.waitForResponse(/\/agents\/shared$/)
    await press(page.getByRole('button', { name: 'Review changes' }))
    await read
    const review = page.getByRole('dialog')
    await expect(review.getByRole('heading', { name: 'Save version 2?' })).toBeVisible()
    await saveElsewhere('Be brief.')
    await press(review.getByRole('button', { name: 'Save version 2' }))
    await expect(review.getByRole('heading', { name: 'Changed meanwhile by version 2' })).toBeVisible()
    await expect(review.getByRole('region', { name: 'Since version 1' })).toContainText('Be brief.')
    const ours = review.getByRole('region', { name: 'Yours on top of version 2' })
    await expect(ours).toContainText('Answers letters')
    await expect(ours).not.toContainText('Be brief.')
    // With the mouse: a key that is held down is no double click.
    await review.getByRole('button', { name: 'Save version 3' }).dblclick()
    await expect(page.getByText('Version 3 is saved')).toBeVisible()
    await expect(page.getByLabel('System prompt')).toHaveValue('Be brief.')
    expect(await client.getAgent({ params })).toMatchObject({
      ...{ version: 3, description: 'Answers letters' },
      prompts: { system: 'Be brief.' },
    })

    await write(page.getByLabel('Description', { exact: true }), 'Answers nobody')
    await saveElsewhere('Be frank.')
    await press(page.getByRole('button', { name: /Review changes|Compare/ }))
    await press(review.getByRole('button', { name: 'Take over version 4' }))
    await expect(page.getByLabel('System prompt')).toHaveValue('Be frank.')
    await expect(page.getByLabel('Description', { exact: true })).toHaveValue('')
    await expect(page.getByText(/unsaved change/)).toBeHidden()
  })

  test('unsaved changes stay while other pages are looked at, and leaving the tab asks', async () => {
    const client = await dashboard.api()
    await client.createAgent({ body: { name: 'drafted', model: 'demo', prompts: { system: 'Be kind.' } } })
    const { page } = await dashboard.browseAs({ roles: ['builder'] })
    await page.goto('/t/acme/agents/drafted')
    const prompt = page.getByLabel('System prompt')
    await reach(prompt)
    await page.keyboard.press('Control+End')
    await page.keyboard.type(' Be brief.')
    await expect(page.getByText('1 unsaved change')).toBeVisible()
    await press(page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Agents' }))
    await expect(prompt).toBeHidden()
    await page.goBack()
    await expect(prompt).toHaveValue('Be kind. Be brief.')
    await expect(page.getByText('1 unsaved change')).toBeVisible()

    const asked = page.waitForEvent('dialog')
    await page.close({ runBeforeUnload: true })
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.dismiss()
    await press(page.getByRole('button', { name: 'Discard' }))
    await expect(prompt).toHaveValue('Be kind.')
    const closed = page.waitForEvent('close')
    await page.close({ runBeforeUnload: true })
    await closed
  })

  test('a part of a page that can not be loaded is said, costs nothing that was typed, and comes once it can', async () => {
    const client = await dashboard.api()
    await client.createAgent({ body: { name: 'outdated', model: 'demo', prompts: { system: 'Be kind.' } } })
    const { page } = await dashboard.browseAs({ roles: ['builder'] })
    await page.goto('/t/acme/agents/outdated')
    await page.waitForLoadState('networkidle')
    const prompt = page.getByLabel('System prompt')
    // What shows notices comes with the first key.
    const notices = page.waitForResponse('**/_next/static/**')
    await write(prompt, 'Be brief.')
    await (await notices).finished()
    // As after an upgrade of the installation, whose parts have other names.
    const parts = '**/_next/static/**'
    await page.route(parts, (route) => route.fulfill({ status: 404 }))
    await press(page.getByRole('button', { name: 'Review changes' }))
    await expect(page.getByText('A part of this page could not be loaded').first()).toBeVisible()
    await expect(prompt).toHaveValue('Be brief.')
    await page.unroute(parts)
    await expect(page.getByRole('dialog').getByRole('heading', { name: 'Save version 2?' })).toBeVisible()
  })

  test('what the API refuses of a configuration stands at its field', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/agents/new?sample=scratch')
    await write(page.getByLabel('Name', { exact: true }), 'Not A Name')
    await write(page.getByLabel('Model', { exact: true }), 'what is this')
    await write(page.getByLabel('Steps of a run'), '0')
    await press(page.getByRole('button', { name: 'Make agent' }))
    for (const [label, problem] of [
      ['Name', /lower-case letters/],
      ['Model', /use "default", "demo" or/],
      ['Steps of a run', /at least 1/],
    ] as const) {
      await expect(page.getByLabel(label, { exact: true })).toHaveAccessibleDescription(problem)
    }
  })

  test('a canary shows how both versions do, and ends when it is asked to', async () => {
    const client = await dashboard.api()
    await client.createAgent({ body: { name: 'clerk', model: 'demo' } })
    await client.createAgentVersion({ params: { name: 'clerk' }, body: { model: 'demo', description: 'the next' } })
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/agents/clerk?tab=releases')
    const production = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Production' }) })
    await press(production.getByRole('button', { name: 'Another version…' }))
    await press(page.getByLabel('Only for a share of the new threads'))
    await write(page.getByLabel('Percent of the new threads'), '25')
    await press(page.getByRole('button', { name: 'Release v2 as canary' }))
    await expect(page.getByText('has not served in staging')).toBeVisible()
    await press(page.getByLabel('Leave out the rules'))
    await press(page.getByRole('button', { name: 'Release v2 as canary' }))
    await expect(production.getByText('gets 25% of new threads')).toBeVisible()
    await expect(production.getByRole('row', { name: /Ended runs/ })).toBeVisible()
    await press(production.getByRole('button', { name: 'End the canary' }))
    await press(page.getByRole('button', { name: 'End canary', exact: true }))
    await expect(production.getByText('gets 25% of new threads')).toBeHidden()
    await expect(page.getByRole('row', { name: /rules left out/ })).toBeVisible()
  })

  test('what gets into production waits for somebody else where the tenant asks for it', async () => {
    const client = await dashboard.api('globex')
    await client.updateOwnTenant({ body: { productionApprovals: { required: 1 } } })
    await client.createAgent({ body: { name: 'clerk' } })
    await client.createAgentVersion({ params: { name: 'clerk' }, body: { description: 'the next' } })
    await client.promoteRelease({ params: { name: 'clerk', environment: 'development' }, body: { version: 2 } })
    await client.promoteRelease({ params: { name: 'clerk', environment: 'staging' }, body: {} })
    const { page: asker } = await dashboard.browseAs({ tenant: 'globex', roles: ['builder', 'operator'] })
    await asker.goto('/t/globex/agents/clerk?tab=releases')
    await press(asker.getByRole('button', { name: 'Promote v2' }))
    await press(asker.getByRole('button', { name: 'Ask for approval' }))
    await expect(asker.getByText('v2 to production')).toBeVisible()
    await expect(asker.getByRole('button', { name: 'Take back' })).toBeVisible()
    await expect(asker.getByRole('button', { name: 'Approve' })).toBeHidden()

    const { page: other } = await dashboard.browseAs({ tenant: 'globex', roles: ['operator'] })
    await other.goto('/t/globex/agents/clerk?tab=releases')
    await press(other.getByRole('button', { name: 'Approve' }))
    await write(other.getByLabel('Note'), 'looks good')
    await press(other.getByRole('dialog').getByRole('button', { name: 'Approve' }))
    await expect(asker.getByText('v2 to production')).toBeHidden({ timeout: 15_000 })
    const { version } = await client.getRelease({ params: { name: 'clerk', environment: 'production' } })
    expect(version).toBe(2)
  })

  test('a schedule says in words when it runs, is made, run now, paused, resumed, changed and deleted', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] }, { timezoneId: 'Europe/Berlin' })
    await page.goto('/t/acme/schedules')
    await page.getByText('No schedules yet').waitFor()
    await press(page.getByRole('button', { name: 'New schedule' }).first())
    await write(page.getByLabel('Name'), 'Morning report')
    await choose(page.getByLabel('Agent', { exact: true }), 'assistant')
    await write(page.getByLabel('Message'), 'What is 2 + 2?')
    await write(page.getByLabel('When', { exact: true }), '0 9 * *')
    await expect(page.getByText('Five fields are needed')).toBeVisible()
    await write(page.getByLabel('When', { exact: true }), '0 9 * * MON-FRI')
    await expect(page.getByText('At 09:00, Monday through Friday')).toBeVisible()
    await expect(page.getByRole('dialog').getByText(/09:00/).last()).toBeVisible()
    await press(page.getByRole('button', { name: 'Make schedule' }))
    const row = page.getByRole('row', { name: /Morning report/ })
    await act(page, 'Pause')
    await expect(row.getByText('Paused')).toBeVisible()
    await act(page, 'Resume')
    await expect(row.getByText('Paused')).toBeHidden()
    await act(page, 'Change…')
    await write(page.getByLabel('Name'), 'Evening report')
    await choose(page.getByLabel('How often'), 'Once')
    await reach(page.getByLabel('At', { exact: true }))
    for (const part of ['0102', '2030', '0900PM']) {
      await page.keyboard.type(part)
      if (part === '2030') await page.keyboard.press('ArrowRight')
    }
    await expect(page.getByLabel('At', { exact: true })).toHaveValue('2030-01-02T21:00')
    await press(page.getByRole('button', { name: 'Save' }))
    await expect(page.getByRole('row', { name: /Evening report/ })).toBeVisible()
    await press(page.getByRole('button', { name: 'Run Evening report now' }))
    await expect(page).toHaveURL(/\/t\/acme\/runs\/[0-9a-f-]{36}$/)
    await page.goto('/t/acme/schedules')
    await press(page.getByRole('button', { name: 'More for Evening report' }))
    await press(page.getByRole('menuitem', { name: 'Delete' }))
    await press(page.getByRole('button', { name: 'Delete schedule' }))
    await expect(page.getByText('No schedules yet')).toBeVisible()
  })

  test('a viewer reads everything and sees no button that would fail', async () => {
    const client = await dashboard.api()
    const agent = 'assistant'
    await client.createAgentVersion({ params: { name: agent }, body: { prompts: { system: 'Be brief.' } } })
    await client.createSchedule({ body: { name: 'Nightly', agent, message: 'Hello', cron: '0 3 * * *' } })
    const { page } = await dashboard.browseAs({ roles: ['viewer'] })
    await page.goto('/t/acme/agents')
    await expect(page.getByRole('link', { name: agent })).toBeVisible()
    await expect(page.getByRole('link', { name: 'New agent' })).toBeHidden()
    await page.goto('/t/acme/agents/new')
    await expect(page.getByText('You may not make agents here')).toBeVisible()
    await page.goto(`/t/acme/agents/${agent}`)
    await expect(page.getByText('Be brief.')).toBeVisible()
    await expect(page.getByRole('textbox')).toHaveCount(0)
    await expect(page.getByRole('tab', { name: 'Playground' })).toBeHidden()
    await press(page.getByRole('tab', { name: 'Releases' }))
    await expect(page.getByRole('heading', { name: 'Production' })).toBeVisible()
    await expect(page.getByRole('button', { name: /release|promote|roll back|another version/i })).toHaveCount(0)
    await page.goto('/t/acme/schedules')
    await expect(page.getByRole('row', { name: /Nightly/ })).toBeVisible()
    await expect(page.getByRole('button', { name: /new schedule|run .* now|more for/i })).toHaveCount(0)
  })
})

async function makeFromSample(page: Page, name: string): Promise<void> {
  await press(page.getByRole('link', { name: 'Assistant', exact: true }))
  await write(page.getByLabel('Name', { exact: true }), name)
  await write(page.getByLabel('Model', { exact: true }), 'demo')
  await press(page.getByRole('button', { name: 'Make agent' }))
  await expect(page).toHaveURL(new RegExp(`/t/acme/agents/${name}\\?`))
  await expect(page.getByLabel('Message', { exact: true })).toHaveValue('What is 17% of 2340?')
  await press(page.getByRole('tab', { name: 'Configuration' }))
}

/** A new sentence, another tool that asks, and a limit; reviewed before it is saved. */
async function changePrompt(page: Page): Promise<void> {
  const prompt = page.getByLabel('System prompt')
  await write(prompt, `${await prompt.inputValue()}\nSign with your name.`)
  await press(page.getByRole('checkbox', { name: /delegate/ }))
  await choose(page.getByRole('combobox', { name: 'Approval of http_request' }), 'Ask every time')
  await write(page.getByLabel('Steps of a run'), '12')
  await press(page.getByRole('button', { name: 'Review changes' }))
  const review = page.getByRole('dialog')
  await expect(review.getByText('Sign with your name.')).toBeVisible()
  await expect(review.getByText('Removed: delegate')).toBeVisible()
  await expect(review.getByRole('heading', { name: 'Approval of http_request' })).toBeVisible()
  await press(review.getByRole('button', { name: 'Save version 2' }))
  await expect(page.getByText('Version 2 is saved')).toBeVisible()
}

async function compare(page: Page): Promise<void> {
  await press(page.getByRole('tab', { name: 'Versions' }))
  await expect(page).toHaveURL(/tab=versions/)
  await expect(page.getByText('Added: Sign with your name.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Steps of a run' })).toContainText('12')
  await expect(page.getByRole('row', { name: /v2 nowhere/ })).toBeVisible()
  await choose(page.getByLabel('From version'), 'v2')
  await expect(page.getByText('The two are alike.')).toBeVisible()
  await press(page.getByRole('button', { name: 'Compare v2 with the one before' }))
  await expect(page.getByText('Added: Sign with your name.')).toBeVisible()
}

async function tryOut(page: Page): Promise<void> {
  await press(page.getByRole('tab', { name: 'Playground' }))
  await write(page.getByLabel('Message', { exact: true }), 'What time is it in Zurich?')
  await page.keyboard.press('Enter')
  await expect(page.getByText('current_time')).toBeVisible()
  await expect(page.getByText('Succeeded')).toBeVisible()
  await expect(page.getByText(/\d tokens/)).toBeVisible()
  await expect(page.getByText('v2', { exact: true })).toBeVisible()
}

async function release(page: Page): Promise<void> {
  await press(page.getByRole('tab', { name: 'Releases' }))
  const serves = (environment: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: environment }) })
  await press(serves('Development').getByRole('button', { name: 'Release v2' }))
  await write(page.getByRole('dialog').getByLabel('Why'), 'it signs now')
  await press(page.getByRole('dialog').getByRole('button', { name: 'Release v2' }))
  await expect(serves('Development')).toContainText('“it signs now”')
  for (const environment of ['Staging', 'Production']) {
    await press(serves(environment).getByRole('button', { name: 'Promote v2' }))
    await press(page.getByRole('dialog').getByRole('button', { name: 'Release v2' }))
    await expect(serves(environment).getByText('v2', { exact: true })).toBeVisible()
  }
  await press(serves('Production').getByRole('button', { name: 'Roll back' }))
  await press(page.getByRole('alertdialog').getByRole('button', { name: 'Roll back' }))
  await expect(serves('Production').getByText('v1', { exact: true })).toBeVisible()
  await expect(page.getByRole('row', { name: /Rolled back/ })).toBeVisible()
}

async function act(page: Page, action: string): Promise<void> {
  await press(page.getByRole('button', { name: 'More for Morning report' }))
  await press(page.getByRole('menuitem', { name: action }))
}
