import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Client, createClient } from '@freehold/contracts'
import { findFreePort, type ServerProcess, spawnServer, waitFor } from '@freehold/testkit'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  expect as playwrightExpect,
} from '@playwright/test'
import { afterAll, beforeAll, vi } from 'vitest'

/** Waits for what a page is to show. Longer than usual: several browsers and servers share the machine with other tests. */
export const expect = playwrightExpect.configure({ timeout: 20_000 })
const testWithinMs = 120_000
const builtWithinMs = 300_000
/** The one without windows is a fifth quicker. */
const browsers = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome']
const binary = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => browsers.map((name) => join(folder, name)))
  .find((path) => existsSync(path))

/** Whether there is a browser; says so when there is none. */
export function hasBrowser(): boolean {
  if (!binary) console.warn('SKIPPED: the tests in a real browser. Install one: apt-get install chromium')
  return binary !== undefined
}

export interface SharedDashboard {
  server: ServerProcess
  /** Where people find it. By name, as sessions and passkeys belong to one. */
  url: string
  /** The client of a sample tenant's key. */
  api(tenant?: string): Promise<Client>
  operator(): Promise<Client>
  /** A browser of somebody who has signed in nowhere yet. Closed with the file. */
  browse(options?: BrowserContextOptions): Promise<{ context: BrowserContext; page: Page }>
  /** A browser in which the owner of the installation and of the sample tenants is signed in. */
  browseAsOwner(options?: BrowserContextOptions): Promise<{ context: BrowserContext; page: Page }>
  owner(): Promise<{ email: string; password: string }>
  /** In a browser of their own: somebody who was invited to a tenant with these roles and is signed in. */
  browseAs(
    roles: Member,
    options?: BrowserContextOptions,
  ): Promise<{ context: BrowserContext; page: Page; email: string }>
}

interface Member {
  tenant?: string
  roles: ('owner' | 'admin' | 'builder' | 'operator' | 'viewer')[]
}

type Environment = Record<string, string>

/**
 * The real server with its dashboard and a browser, for the tests of a file. Every host below `example` leads to it, as
 * those of tenants do. `main` is a server with programs of its own.
 */
export function shareDashboard(
  env: Environment | ((url: string) => Promise<Environment>) = {},
  main?: string,
): SharedDashboard {
  vi.setConfig({ testTimeout: testWithinMs })
  const running: { server?: ServerProcess; browser?: Browser } = {}
  beforeAll(async () => {
    const port = await findFreePort()
    const given = typeof env === 'function' ? await env(`http://localhost:${port}`) : env
    running.server = await spawnServer({
      port,
      ...(main !== undefined && { main }),
      env: { FREEHOLD_DASHBOARD: 'on', FREEHOLD_LOG_LEVEL: 'info', ...given },
    })
    const { server } = running
    await server.ready()
    await waitFor(async () => (await fetch(`${server.url}/sign-in`)).status === 200, { timeoutMs: builtWithinMs })
    running.browser = await chromium.launch({
      ...(binary && { executablePath: binary }),
      args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1'],
    })
  }, builtWithinMs)
  afterAll(async () => {
    await running.browser?.close()
    await running.server?.[Symbol.asyncDispose]()
  })
  const server = () => running.server ?? raise()
  const url = () => server().url.replace('//127.0.0.1', '//localhost')
  const shared: SharedDashboard = {
    get server() {
      return server()
    },
    get url() {
      return url()
    },
    api: (tenant = 'acme') => server().client(tenant),
    async operator() {
      return createClient({ url: server().url, apiKey: (await server().credentials()).operatorKey })
    },
    async owner() {
      return JSON.parse(await readFile(join(server().dataDir, 'credentials.json'), 'utf8')).owner
    },
    async browse(options = {}) {
      const context = await (running.browser ?? raise()).newContext({ baseURL: url(), ...options })
      return { context, page: await context.newPage() }
    },
    async browseAsOwner(options) {
      const opened = await shared.browse(options)
      await signIn(opened.page, await shared.owner())
      return opened
    },
    async browseAs(member, options) {
      const opened = await shared.browse(options)
      const email = await joinTenant(shared, opened.page, member)
      return { ...opened, email }
    },
  }
  return shared
}

function raise(): never {
  throw new Error('the dashboard is there within tests only')
}

/** As a person does it. */
export async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((next) => !next.pathname.startsWith('/sign-in'))
}

/** axe finds nothing serious in what is shown. */
export async function expectAccessible(page: Page): Promise<void> {
  // Our pages have no frames, for which it would gather its findings in a page of its own: half the time.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const found = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  expect(found, page.url()).toEqual([])
}

const password = 'correct horse battery'
let joined = 0

async function joinTenant(shared: SharedDashboard, page: Page, { tenant = 'acme', roles }: Member): Promise<string> {
  const email = `person-${++joined}@example.com`
  const { token } = await (await shared.api(tenant)).createInvitation({ body: { email, roles } })
  await acceptInvitation(shared, page, { email, token })
  return email
}

/** Somebody who was invited signs up, follows the mailed link and accepts: by requests, as pages of their own are tested elsewhere. */
export async function acceptInvitation(
  shared: SharedDashboard,
  page: Page,
  { email, token }: { email: string; token: string },
): Promise<void> {
  const headers = { origin: shared.url, 'content-type': 'application/json' }
  const { request } = page.context()
  const name = `Person ${email.split('@')[0]}`
  await expectOk(request.post('/auth/sign-up/email', { headers, data: { email, password, name } }))
  const link = await waitFor(() => mailedLink(shared.server, email, '/auth/verify-email'))
  await request.get(link)
  await expectOk(request.post('/auth/sign-in/email', { headers, data: { email, password } }))
  await expectOk(request.post('/api/v1/invitations/accept', { headers, data: { token } }))
}

async function expectOk(answer: ReturnType<BrowserContext['request']['post']>): Promise<void> {
  const response = await answer
  if (!response.ok()) throw new Error(`${response.url()} answered ${response.status()}: ${await response.text()}`)
}

/** The newest link below `path` in a mail to somebody, which the log has where no mail server is set. */
export function mailedLink(server: ServerProcess, email: string, path: string): string | undefined {
  const mails = server.logEntries().filter((entry) => JSON.stringify(entry).includes(email))
  const links = mails.flatMap((entry) => JSON.stringify(entry).match(/https?:\/\/[^\s"\\]+/g) ?? [])
  return links.findLast((link) => new URL(link).pathname.startsWith(path))
}
