import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Started, startCommand, startPlatform } from './command.fixture.ts'

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/
let dataDir = ''
let env: NodeJS.ProcessEnv = {}
let platform: Started
/** A model provider that never answers, for runs that have to be under way. */
let silentProvider: Server
/** An address where nothing listens. */
let nowhere = ''

/** Runs a command to its end. */
async function freehold(args: string[], more: { env?: NodeJS.ProcessEnv; input?: string } = {}) {
  const started = startCommand(args, { ...env, ...more.env }, more.input)
  const code = await started.ended
  return { code, out: started.stdout(), err: started.stderr() }
}

async function freeholdJson(args: string[]) {
  const { code, out, err } = await freehold([...args, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out)
}

const credentials = async () => JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'))

/** A server that takes requests and never answers. */
async function listen(): Promise<Server> {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function urlOf(server: Server): string {
  // A TCP server's address is never a pipe's name.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

beforeAll(async () => {
  const closed = await listen()
  nowhere = urlOf(closed)
  await close(closed)
  silentProvider = await listen()
  dataDir = await mkdtemp(join(tmpdir(), 'freehold-cli-'))
  // Nothing of the developer's own environment: no provider keys, no colours, no credentials.
  env = { PATH: process.env.PATH, HOME: dataDir, FREEHOLD_DATA_DIR: dataDir }
  platform = await startPlatform({ ...env, FREEHOLD_MODEL_SERVERS: `silent=${urlOf(silentProvider)}/v1` })
  await freehold(['agents', 'create', 'stuck', '--model', 'silent/model'])
})

afterAll(async () => {
  platform.child.kill('SIGTERM')
  await platform.ended
  await close(silentProvider)
  await rm(dataDir, { recursive: true, force: true })
})

describe('run', () => {
  it('shows the steps, the answer and a summary', async () => {
    const { code, out, err } = await freehold(['run', 'assistant', 'What is 17% of 2340?'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/✓ calculate \{"expression":.*\} → 397\.8, \d+ ms\n/)
    expect(out.match(/17% of 2340 is 397\.8\./g)).toHaveLength(1)
    expect(out).toMatch(/✓ succeeded · 3 steps · [\d,]+ tokens · \$0 · .* · run [0-9a-f-]{36}\n$/)
    expect(out).not.toContain('\u001B')
  })

  it('joins the words of a message', async () => {
    const run = await lastLine(['run', 'assistant', 'What', 'is', '2+2?', '--json'])
    expect(run).toMatchObject({ message: 'What is 2+2?', status: 'succeeded' })
  })

  it('prints the answer only, with --quiet, and reads the message from the standard input', async () => {
    const { code, out, err } = await freehold(['run', 'assistant', '-q', '-'], { input: 'What is 17% of 2340?\n' })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^17% of 2340 is 397\.8\./)
    expect(out).not.toContain('✓')
  })

  it('prints a JSON line per event and the run last, with --json', async () => {
    const { code, out } = await freehold(
      [
        'run',
        'assistant',
        'hello',
        '--json',
        '--thread',
        'talk-1',
        '--environment',
        'staging',
        '--metadata',
        'a=1',
      ].concat(['--metadata', 'b=x=y', '--deadline', '60.5']),
    )
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const seqs = lines.flatMap((line) => line.seq ?? [])
    expect(code).toBe(0)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    expect(lines.at(-2)).toMatchObject({ type: 'run.succeeded' })
    expect(lines.at(-1)).toMatchObject({
      status: 'succeeded',
      threadId: 'talk-1',
      environment: 'staging',
      metadata: { a: '1', b: 'x=y' },
    })
    expect(Date.parse(lines.at(-1).deadlineAt) - Date.parse(lines.at(-1).createdAt)).toBe(60_500)
  })

  it('ends with 3 when the run fails, and says why', async () => {
    await freehold(['agents', 'create', 'keyless', '--model', 'openai/none'])
    const { code, out } = await freehold(['run', 'keyless', 'hi'])
    expect(code).toBe(3)
    expect(out).toMatch(/✗ .*OPENAI_API_KEY.* \(model_unavailable\)/)
    expect(out).toMatch(/freehold runs redrive [0-9a-f-]{36}/)
    const quiet = await freehold(['run', 'keyless', 'hi', '-q'])
    expect(quiet).toMatchObject({ code: 3, out: '' })
    expect(quiet.err).toContain('model_unavailable')
  })

  it('cancels the run on Ctrl-C and goes on watching until it has ended', async () => {
    const started = startCommand(['run', 'stuck', 'hi', '--json'], env)
    await started.printed('run.started')
    started.child.kill('SIGINT')
    expect(await started.ended).toBe(3)
    expect(started.stderr()).toContain('press Ctrl-C again to leave')
    expect(started.stdout()).toContain('"run.cancelled"')
    expect(JSON.parse(started.stdout().trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ status: 'cancelled' })
  })

  it('leaves on the second Ctrl-C, even when the server hangs', async () => {
    const started = startCommand(['run', 'stuck', 'hi'], env)
    await started.printed('run ')
    const [runId = ''] = uuid.exec(started.stdout()) ?? []
    platform.child.kill('SIGSTOP')
    try {
      started.child.kill('SIGINT')
      await started.printed('Cancelling')
      started.child.kill('SIGINT')
      expect(await started.ended).toBe(130)
      expect(started.stderr()).toContain(`freehold runs watch ${runId}`)
    } finally {
      platform.child.kill('SIGCONT')
    }
    await freehold(['runs', 'cancel', runId])
  })

  it('watches a run that waits elsewhere, and Ctrl-C leaves it alone', async () => {
    const first = startCommand(['run', 'stuck', 'hi'], env)
    await first.printed('run ')
    const [runId = ''] = uuid.exec(first.stdout()) ?? []
    const watcher = startCommand(['runs', 'watch', runId, '--json'], env)
    await watcher.printed('run.started')
    watcher.child.kill('SIGINT')
    expect(await watcher.ended).toBe(130)
    expect(await freeholdJson(['runs', 'show', runId])).toMatchObject({ status: 'running' })
    expect((await freehold(['runs', 'cancel', runId])).code).toBe(0)
    expect(await first.ended).toBe(3)
  })

  async function lastLine(args: string[]) {
    const { out } = await freehold(args)
    return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')
  }
})

describe('runs', () => {
  it('lists, shows, watches again and sums up what was used', async () => {
    const { out } = await freehold(['run', 'assistant', 'What is 3*4?'])
    const [id = ''] = uuid.exec(out) ?? []
    const filter = ['--agent', 'assistant', '--status', 'succeeded', '--limit', '1']
    const [newest] = await freeholdJson(['runs', 'list', ...filter])
    expect(newest).toMatchObject({ id, message: 'What is 3*4?' })
    expect((await freehold(['runs', 'list'])).out).toMatch(new RegExp(`${id} +succeeded .* What is 3\\*4\\?`))
    const shown = await freehold(['runs', 'show', id])
    expect(shown.out).toMatch(/tool:1 +calculate +finished/)
    const watched = await freehold(['runs', 'watch', id])
    expect(watched).toMatchObject({ code: 0, err: '' })
    expect(watched.out).toContain('→ 12, ')
    expect((await freehold(['usage', '--run', id])).out).toMatch(/\n2 model calls, [\d,]+ tokens, \$0\n$/)
  })

  it('ends a watch that begins after the end of the run', async () => {
    const { out } = await freehold(['run', 'assistant', 'hello'])
    const [id = ''] = uuid.exec(out) ?? []
    const { code, out: watched } = await freehold(['runs', 'watch', id, '--after', '999', '--json'])
    expect(code).toBe(0)
    expect(watched.trimEnd().split('\n')).toHaveLength(1)
  })

  it('queues a failed run again', async () => {
    await freehold(['agents', 'create', 'keyless-2', '--model', 'openai/none'])
    const { out } = await freehold(['run', 'keyless-2', 'hi'])
    const [id = ''] = uuid.exec(out) ?? []
    expect((await freehold(['runs', 'redrive', id])).code).toBe(0)
    expect((await freehold(['runs', 'watch', id])).out).toContain('queued again by')
  })

  it('lists dead runs and queues them again together', async () => {
    const file = join(dataDir, 'impatient.json')
    await writeFile(file, JSON.stringify({ model: 'silent/model', limits: { maxAttempts: 1, attemptTimeoutMs: 100 } }))
    await freehold(['agents', 'create', 'impatient', '--file', file])
    const { out } = await freehold(['run', 'impatient', 'hi'])
    const [id = ''] = uuid.exec(out) ?? []
    expect((await freehold(['runs', 'list', '--dead'])).out).toMatch(new RegExp(`${id} +failed`))
    expect((await freehold(['runs', 'show', id])).out).toMatch(/\n +1 .* attempt_timed_out +The attempt worked/)
    const { out: said } = await freehold(['runs', 'redrive', '--dead', '--agent', 'impatient'])
    expect(said).toBe('1 dead run queued again.\n')
    expect((await freehold(['runs', 'watch', id])).out).toContain('queued again by')
  })

  it("doesn't find another tenant's run", async () => {
    const { out } = await freehold(['run', 'assistant', 'hello'])
    const [id = ''] = uuid.exec(out) ?? []
    for (const args of [
      ['show', id],
      ['watch', id],
      ['cancel', id],
      ['redrive', id],
      ['decide', id, 'tool:1', 'retry'],
    ]) {
      const { code, out, err } = await freehold(['runs', ...args, '--tenant', 'globex'])
      expect({ args, code, out }).toEqual({ args, code: 1, out: '' })
      expect(err).toMatch(/^✗ [^\n]+ \(not_found, request [\w.-]{8,64}\)\n$/)
    }
  })
})

describe('agents, tools and keys', () => {
  it('creates an agent, changes it from a file and by options, and releases it', async () => {
    const created = await freeholdJson(['agents', 'create', 'bot', '--system', 'Be terse.', '--tools', 'calculate'])
    expect(created).toMatchObject({ version: 1, prompts: { system: 'Be terse.' }, tools: ['calculate'] })
    const file = join(dataDir, 'bot.json')
    await writeFile(file, JSON.stringify(created))
    const second = await freeholdJson(['agents', 'version', 'bot', '--file', file, '--model', 'demo'])
    expect(second).toMatchObject({ version: 2, model: 'demo', tools: ['calculate'] })
    const third = await freeholdJson(['agents', 'version', 'bot', '--tools', ''])
    expect(third).toMatchObject({ version: 3, model: 'demo', tools: [], prompts: { system: 'Be terse.' } })
    expect((await freehold(['agents', 'release', 'bot', 'staging', '3'])).out).toBe('bot v3 serves in staging now.\n')
    expect(await freeholdJson(['agents', 'show', 'bot'])).toMatchObject({ releases: { staging: 3, production: 1 } })
    expect(
      (await freeholdJson(['agents', 'versions', 'bot'])).map((each: { version: number }) => each.version),
    ).toEqual([3, 2, 1])
    expect((await freehold(['agents', 'list'])).out).toMatch(/bot +demo +3 +1/)
    expect((await freehold(['agents', 'show', 'bot', '--tenant', 'globex'])).code).toBe(1)
  })

  it('lists the tools', async () => {
    expect((await freehold(['tools'])).out).toMatch(/calculate +low /)
  })

  it('creates a key that can do what it was given, until it is revoked', async () => {
    const { id, apiKey, expiresAt } = await freeholdJson([
      'keys',
      'create',
      'ci',
      '--scopes',
      'runs:read',
      '--expires',
      '30d',
    ])
    const asKey = {
      env: { FREEHOLD_URL: (await credentials()).url, FREEHOLD_API_KEY: apiKey, FREEHOLD_DATA_DIR: '/nowhere' },
    }
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 86_400_000)).toBe(30)
    expect((await freehold(['runs', 'list'], asKey)).code).toBe(0)
    expect((await freehold(['keys', 'list'], asKey)).err).toContain('(permission_denied, request ')
    expect((await freehold(['whoami'], asKey)).out).toContain('runs:read')
    expect((await freehold(['whoami', '--tenant', 'acme'], asKey)).code).toBe(2)
    expect((await freehold(['keys', 'revoke', id])).out).toContain('revoked')
    expect((await freehold(['keys', 'list'])).out).toMatch(new RegExp(`${id} .* revoked +ci`))
  })
})

describe('tenants', () => {
  it('creates one that can be used at once, and suspends and resumes it by name', async () => {
    const before = await credentials()
    const created = await freehold(['tenants', 'create', 'initech'])
    expect(created.out).toContain(`Its key is in ${join(dataDir, 'credentials.json')}`)
    const after = await credentials()
    expect(after).toEqual({ ...before, tenants: { ...before.tenants, initech: after.tenants.initech } })
    expect((await stat(join(dataDir, 'credentials.json'))).mode & 0o777).toBe(0o600)
    expect(created.out).not.toContain(after.tenants.initech.apiKey)
    expect((await freehold(['whoami', '--tenant', 'initech'])).out).toContain('initech')

    expect(await freeholdJson(['tenants', 'suspend', 'initech'])).toMatchObject({ status: 'suspended' })
    const { id } = after.tenants.initech
    expect(await freeholdJson(['tenants', 'resume', id])).toMatchObject({ id, status: 'active' })
    expect((await freehold(['tenants', 'list'])).out).toMatch(new RegExp(`${id} +active .*initech`))
  })

  it('prints the key when the operator key comes from the environment', async () => {
    const { operatorKey, url } = await credentials()
    const outside = { env: { FREEHOLD_URL: url, FREEHOLD_OPERATOR_KEY: operatorKey } }
    expect((await freehold(['tenants', 'create', 'umbrella'], outside)).out).toMatch(/shown this once:\nfht_\S+\n$/)
    expect((await credentials()).tenants).not.toHaveProperty('umbrella')
  })

  it('puts a tenant on a plan', async () => {
    await freehold(['tenants', 'create', 'wayne'])
    const limits = ['--weight', '2', '--max-running', '5', '--max-queued', '50']
    expect((await freehold(['plans', 'set', 'large', ...limits])).out).toMatch(/large +shared +2 +5 +50 /)
    expect((await freehold(['tenants', 'plan', 'wayne', 'large'])).out).toMatch(/plan +large: 5 running, 50 queued/)
    expect((await freehold(['tenants', 'plan', 'wayne', 'huge'])).err).toContain('there is no plan "huge"')
  })

  it("doesn't let a tenant's key manage tenants", async () => {
    const { tenants } = await credentials()
    const asTenant = { env: { FREEHOLD_OPERATOR_KEY: tenants.acme.apiKey } }
    expect((await freehold(['tenants', 'list'], asTenant)).err).toContain('(permission_denied, ')
  })

  it('says that there is no such tenant', async () => {
    expect(await freehold(['tenants', 'show', 'nobody'])).toMatchObject({ code: 1, out: '' })
  })
})

describe('doctor', () => {
  it('finds nothing wrong with a fresh installation', async () => {
    const { code, out } = await freehold(['doctor'])
    expect(out).not.toContain('✗')
    expect(out).toContain('✓ access: a request without a key is refused')
    expect(out).toMatch(/✓ tenant acme: .*assistant \(default\)/)
    expect(code).toBe(0)
  })

  it('finds a credentials file that others can read, and a key that does not work', async () => {
    const other = await mkdtemp(join(tmpdir(), 'freehold-cli-'))
    const broken = { ...(await credentials()), tenants: { acme: { id: 'x', apiKey: `fht_${'a'.repeat(43)}` } } }
    await writeFile(join(other, 'credentials.json'), JSON.stringify(broken))
    await chmod(join(other, 'credentials.json'), 0o644)
    const { code, out } = await freehold(['doctor', '--json'], { env: { FREEHOLD_DATA_DIR: other } })
    await rm(other, { recursive: true })
    const problems = JSON.parse(out).findings.filter(({ result }: { result: string }) => result === 'problem')
    expect(code).toBe(1)
    expect(problems.map(({ check }: { check: string }) => check)).toEqual(['credentials', 'tenant acme'])
  })

  it('says when nothing answers', async () => {
    const { code, out } = await freehold(['doctor'], { env: { FREEHOLD_URL: nowhere } })
    expect(code).toBe(1)
    expect(out).toContain(`✗ server: Nothing answers at ${nowhere}: start the platform with \`npm start\`.`)
  })
})

describe('wrong usage and no server', () => {
  it.each<[string, string[], number, string]>([
    ['an unknown command', ['rnu'], 2, 'Did you mean run?'],
    ['an unknown subcommand', ['runs', 'lst'], 2, 'Did you mean list?'],
    ['an unknown option', ['runs', 'list', '--limt', '3'], 2, 'Did you mean --limit?'],
    ['a missing argument', ['run'], 2, "missing required argument 'agent'"],
    ['an unknown tenant', ['whoami', '--tenant', 'nope'], 2, 'There is no tenant "nope" in '],
    ['an unknown environment', ['run', 'assistant', 'hi', '--environment', 'prod'], 2, 'environment: '],
    ['an unknown decision', ['runs', 'decide', 'x', 'tool:1', 'maybe'], 2, 'decision: '],
    ['a redrive of nothing', ['runs', 'redrive'], 2, 'Give the id of a run, or --dead'],
    ['an unknown scope', ['keys', 'create', 'k', '--scopes', 'all'], 2, 'scopes.0: '],
    ['an unreadable expiry', ['keys', 'create', 'k', '--expires', 'soon'], 2, '--expires: "soon" is no time.'],
    ['metadata without a value', ['run', 'assistant', 'hi', '--metadata', 'a'], 2, 'key=value'],
    ['an empty standard input', ['run', 'assistant', '-'], 2, 'The standard input is empty'],
    ['an unknown agent', ['run', 'nobody', 'hi'], 1, '(not_found, request '],
  ])('%s', async (_, args, code, text) => {
    const result = await freehold(args)
    expect(result).toMatchObject({ code, out: '' })
    expect(result.err).toContain(text)
  })

  it('says what to do when nothing answers', async () => {
    expect(await freehold(['runs', 'list'], { env: { FREEHOLD_URL: nowhere } })).toEqual({
      code: 1,
      out: '',
      err: `✗ Nothing answers at ${nowhere}: start the platform with \`npm start\`.\n`,
    })
  })

  it('says what to do without credentials', async () => {
    const { code, err } = await freehold(['runs', 'list'], { env: { FREEHOLD_DATA_DIR: join(dataDir, 'nothing') } })
    expect(code).toBe(1)
    expect(err).toContain('start the platform with `npm start`')
  })

  it('prints help and its version', async () => {
    expect(await freehold(['--version'])).toMatchObject({ code: 0, out: '0.1.0\n' })
    const help = await freehold(['run', '--help'])
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(help.out).toContain('--tenant <name>')
  })
})
