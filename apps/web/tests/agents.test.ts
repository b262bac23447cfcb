import type { Page } from '@playwright/test'
import { describe, test } from 'vitest'
import { expect, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

describe.skipIf(!hasBrowser())('agents', () => {
  const dashboard = shareDashboard()

  test('an agent is made from a sample, changed, compared, tried, released step by step and rolled back', async () => {
    const { page } = await dashboard.browseAs({ roles: ['builder'] })
    await page.goto('/t/acme/agents')
    await page.getByRole('link', { name: 'New agent' }).click()
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
    await page.getByLabel('Description', { exact: true }).fill('Answers letters')
    const read = page.waitForResponse(/\/agents\/shared$/)
    await page.getByRole('button', { name: 'Review changes' }).click()
    await read
    const review = page.getByRole('dialog')
    await expect(review.getByRole('heading', { name: 'Save version 2?' })).toBeVisible()
    await saveElsewhere('Be brief.')
    await review.getByRole('button', { name: 'Save version 2' }).click()
    await expect(review.getByRole('heading', { name: 'Changed meanwhile by version 2' })).toBeVisible()
    await expect(review.getByRole('region', { name: 'Since version 1' })).toContainText('Be brief.')
    const ours = review.getByRole('region', { name: 'Yours on top of version 2' })
    await expect(ours).toContainText('Answers letters')
    await expect(ours).not.toContainText('Be brief.')
    await review.getByRole('button', { name: 'Save version 3' }).dblclick()
    await expect(page.getByText('Version 3 is saved')).toBeVisible()
    await expect(page.getByLabel('System prompt')).toHaveValue('Be brief.')
    expect(await client.getAgent({ params })).toMatchObject({
      ...{ version: 3, description: 'Answers letters' },
      prompts: { system: 'Be brief.' },
    })

    await page.getByLabel('Description', { exact: true }).fill('Answers nobody')
    await saveElsewhere('Be frank.')
    await page.getByRole('button', { name: /Review changes|Compare/ }).click()
    await review.getByRole('button', { name: 'Take over version 4' }).click()
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
    await prompt.press('End')
    await prompt.pressSequentially(' Be brief.')
    await expect(page.getByText('1 unsaved change')).toBeVisible()
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Agents' }).click()
    await expect(prompt).toBeHidden()
    await page.goBack()
    await expect(prompt).toHaveValue('Be kind. Be brief.')
    await expect(page.getByText('1 unsaved change')).toBeVisible()

    const asked = page.waitForEvent('dialog')
    await page.close({ runBeforeUnload: true })
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.dismiss()
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect(prompt).toHaveValue('Be kind.')
    const closed = page.waitForEvent('close')
    await page.close({ runBeforeUnload: true })
    await closed
  })

  test('what the API refuses of a configuration stands at its field', async () => {
    const { page } = await dashboard.browseAsOwner()
    await page.goto('/t/acme/agents/new?sample=scratch')
    await page.getByLabel('Name', { exact: true }).fill('Not A Name')
    await page.getByLabel('Model', { exact: true }).fill('what is this')
    await page.getByLabel('Steps of a run').fill('0')
    await page.getByRole('button', { name: 'Make agent' }).click()
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
    await production.getByRole('button', { name: 'Another version…' }).click()
    await page.getByLabel('Only for a share of the new threads').check()
    await page.getByLabel('Percent of the new threads').fill('25')
    await page.getByRole('button', { name: 'Release v2 as canary' }).click()
    await expect(page.getByText('has not served in staging')).toBeVisible()
    await page.getByLabel('Leave out the rules').check()
    await page.getByRole('button', { name: 'Release v2 as canary' }).click()
    await expect(production.getByText('gets 25% of new threads')).toBeVisible()
    await expect(production.getByRole('row', { name: /Ended runs/ })).toBeVisible()
    await production.getByRole('button', { name: 'End the canary' }).click()
    await page.getByRole('button', { name: 'End canary', exact: true }).click()
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
    await asker.getByRole('button', { name: 'Promote v2' }).click()
    await asker.getByRole('button', { name: 'Ask for approval' }).click()
    await expect(asker.getByText('v2 to production')).toBeVisible()
    await expect(asker.getByRole('button', { name: 'Take back' })).toBeVisible()
    await expect(asker.getByRole('button', { name: 'Approve' })).toBeHidden()

    const { page: other } = await dashboard.browseAs({ tenant: 'globex', roles: ['operator'] })
    await other.goto('/t/globex/agents/clerk?tab=releases')
    await other.getByRole('button', { name: 'Approve' }).click()
    await other.getByLabel('Note').fill('looks good')
    await other.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await expect(asker.getByText('v2 to production')).toBeHidden({ timeout: 15_000 })
    const { version } = await client.getRelease({ params: { name: 'clerk', environment: 'production' } })
    expect(version).toBe(2)
  })

  test('a schedule says in words when it runs, is made, run now, paused, resumed, changed and deleted', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] }, { timezoneId: 'Europe/Berlin' })
    await page.goto('/t/acme/schedules')
    await page.getByText('No schedules yet').waitFor()
    await page.getByRole('button', { name: 'New schedule' }).first().click()
    await page.getByLabel('Name').fill('Morning report')
    await page.getByLabel('Agent', { exact: true }).selectOption({ label: 'assistant' })
    await page.getByLabel('Message').fill('What is 2 + 2?')
    await page.getByLabel('When', { exact: true }).fill('0 9 * *')
    await expect(page.getByText('Five fields are needed')).toBeVisible()
    await page.getByLabel('When', { exact: true }).fill('0 9 * * MON-FRI')
    await expect(page.getByText('At 09:00, Monday through Friday')).toBeVisible()
    await expect(page.getByRole('dialog').getByText(/09:00/).last()).toBeVisible()
    await page.getByRole('button', { name: 'Make schedule' }).click()
    const row = page.getByRole('row', { name: /Morning report/ })
    await choose(page, 'Pause')
    await expect(row.getByText('Paused')).toBeVisible()
    await choose(page, 'Resume')
    await expect(row.getByText('Paused')).toBeHidden()
    await choose(page, 'Edit')
    await page.getByLabel('Name').fill('Evening report')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByRole('row', { name: /Evening report/ })).toBeVisible()
    await page.getByRole('button', { name: 'Run Evening report now' }).click()
    await expect(page).toHaveURL(/\/t\/acme\/runs\/[0-9a-f-]{36}$/)
    await page.goto('/t/acme/schedules')
    await page.getByRole('button', { name: 'More for Evening report' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('button', { name: 'Delete schedule' }).click()
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
    await page.getByRole('tab', { name: 'Releases' }).click()
    await expect(page.getByRole('heading', { name: 'Production' })).toBeVisible()
    await expect(page.getByRole('button', { name: /release|promote|roll back|another version/i })).toHaveCount(0)
    await page.goto('/t/acme/schedules')
    await expect(page.getByRole('row', { name: /Nightly/ })).toBeVisible()
    await expect(page.getByRole('button', { name: /new schedule|run .* now|more for/i })).toHaveCount(0)
  })
})

async function makeFromSample(page: Page, name: string): Promise<void> {
  await page.getByRole('link', { name: 'Assistant', exact: true }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Model', { exact: true }).fill('demo')
  await page.getByRole('button', { name: 'Make agent' }).click()
  await expect(page).toHaveURL(new RegExp(`/t/acme/agents/${name}\\?`))
  await expect(page.getByLabel('Message', { exact: true })).toHaveValue('What is 17% of 2340?')
  await page.getByRole('tab', { name: 'Configuration' }).click()
}

/** A new sentence, another tool that asks, and a limit; reviewed before it is saved. */
async function changePrompt(page: Page): Promise<void> {
  const prompt = page.getByLabel('System prompt')
  await prompt.fill(`${await prompt.inputValue()}\nSign with your name.`)
  await page.getByRole('checkbox', { name: /delegate/ }).uncheck()
  await page.getByRole('combobox', { name: 'Approval of http_request' }).selectOption({ label: 'Ask every time' })
  await page.getByLabel('Steps of a run').fill('12')
  await page.getByRole('button', { name: 'Review changes' }).click()
  const review = page.getByRole('dialog')
  await expect(review.getByText('Sign with your name.')).toBeVisible()
  await expect(review.getByText('Removed: delegate')).toBeVisible()
  await expect(review.getByRole('heading', { name: 'Approval of http_request' })).toBeVisible()
  await review.getByRole('button', { name: 'Save version 2' }).click()
  await expect(page.getByText('Version 2 is saved')).toBeVisible()
}

async function compare(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Versions' }).click()
  await expect(page).toHaveURL(/tab=versions/)
  await expect(page.getByText('Added: Sign with your name.')).toBeVisible()
  await expect(page.getByRole('region', { name: 'Steps of a run' })).toContainText('12')
  await expect(page.getByRole('row', { name: /v2 nowhere/ })).toBeVisible()
}

async function tryOut(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Playground' }).click()
  await page.getByLabel('Message', { exact: true }).fill('What time is it in Zurich?')
  await page.keyboard.press('Enter')
  await expect(page.getByText('current_time')).toBeVisible()
  await expect(page.getByText('Succeeded')).toBeVisible()
  await expect(page.getByText(/\d tokens/)).toBeVisible()
  await expect(page.getByText('v2', { exact: true })).toBeVisible()
}

async function release(page: Page): Promise<void> {
  await page.getByRole('tab', { name: 'Releases' }).click()
  const serves = (environment: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: environment }) })
  await serves('Development').getByRole('button', { name: 'Release v2' }).click()
  await page.getByRole('dialog').getByLabel('Why').fill('it signs now')
  await page.getByRole('dialog').getByRole('button', { name: 'Release v2' }).click()
  await expect(serves('Development')).toContainText('“it signs now”')
  for (const environment of ['Staging', 'Production']) {
    await serves(environment).getByRole('button', { name: 'Promote v2' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Release v2' }).click()
    await expect(serves(environment).getByText('v2', { exact: true })).toBeVisible()
  }
  await serves('Production').getByRole('button', { name: 'Roll back' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Roll back' }).click()
  await expect(serves('Production').getByText('v1', { exact: true })).toBeVisible()
  await expect(page.getByRole('row', { name: /Rolled back/ })).toBeVisible()
}

async function choose(page: Page, action: string): Promise<void> {
  await page.getByRole('button', { name: 'More for Morning report' }).click()
  await page.getByRole('menuitem', { name: action }).click()
}
