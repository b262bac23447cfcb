// How long the server takes for the overview of a tenant with 10,000 runs, on the embedded database: the page with its
// data, and the API behind it. Beside them, in the same rounds, a page without data and the liveness check: less there can't be.
// `npm run bench -- dashboard [--runs 10000] [--rounds 40]`
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  addBusyAgents,
  fillWithRuns,
  type ServerProcess,
  spawnServer,
  waitFor,
  writeToDataFolder,
} from '@freehold/testkit'

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '40' } },
})
const runs = Number(values.runs)
const rounds = Number(values.rounds)
const warmUpRounds = 5

const paths = {
  'overview, today': '/t/acme?days=1',
  'overview, 7 days': '/t/acme',
  'overview, 30 days': '/t/acme?days=30',
  'API, overview of 7 days': '/api/v1/overview?days=7',
  'a page without data': '/forgot-password',
  liveness: '/health',
}
type Name = keyof typeof paths

const dataDir = await mkdtemp(join(tmpdir(), 'freehold-bench-'))
try {
  await seed()
  await using server = await spawnServer({
    dataDir,
    env: { FREEHOLD_DASHBOARD: 'on', FREEHOLD_RATE_LIMIT_PER_MINUTE: '100000' },
  })
  await server.ready()
  await waitFor(async () => (await fetch(`${server.url}/sign-in`)).status === 200, { timeoutMs: 600_000 })
  await report(await measure(server, await signIn(server)))
} finally {
  await rm(dataDir, { recursive: true, force: true })
}

async function seed(): Promise<void> {
  const server = await spawnServer({ dataDir })
  await server.ready()
  const client = await server.client('acme')
  await addBusyAgents(client)
  const limits = { period: 'month', limitNanos: 1_000_000_000_000 } as const
  for (const name of ['all', 'clerk', 'seller']) {
    const scope = name === 'all' ? ({ kind: 'tenant', id: null } as const) : ({ kind: 'agent', id: name } as const)
    await client.createBudget({ body: { name, scope, ...limits } })
  }
  const tenantId = (await client.getOwnTenant()).id
  await server.kill('SIGTERM')
  await writeToDataFolder(dataDir, (write) => fillWithRuns(write, tenantId, { runs, callsPerRun: 5 }))
}

/** As the owner. Resolves with what the browser would send from then on. */
async function signIn(server: ServerProcess): Promise<Record<string, string>> {
  const { owner } = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8'))
  const response = await fetch(`${server.url}/auth/sign-in/email`, {
    method: 'POST',
    headers: { origin: server.url, 'content-type': 'application/json' },
    body: JSON.stringify(owner),
  })
  if (!response.ok) throw new Error(`signing in answered ${response.status}: ${await response.text()}`)
  const cookie = response.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  return { cookie, 'x-tenant-id': 'acme' }
}

async function measure(server: ServerProcess, headers: Record<string, string>): Promise<Record<Name, number[]>> {
  const names = Object.keys(paths) as Name[]
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const name of names) {
      const startedAt = performance.now()
      const response = await fetch(server.url + paths[name], { headers, redirect: 'manual' })
      const text = await response.text()
      const tookMs = performance.now() - startedAt
      if (response.status !== 200) throw new Error(`${name} answered ${response.status}: ${text.slice(0, 300)}`)
      if (name.startsWith('overview') && !text.includes('Busiest agents'))
        throw new Error(`${name} came without its data`)
      if (round >= 0) taken[name].push(tookMs)
    }
  }
  return taken
}

async function report(taken: Record<Name, number[]>): Promise<void> {
  const at = (all: number[], share: number) => [...all].sort((a, b) => a - b)[Math.floor(share * (all.length - 1))] ?? 0
  const measured = Object.fromEntries(
    Object.entries(taken).map(([name, all]) => [
      name,
      { p50Ms: Math.round(at(all, 0.5)), p95Ms: Math.round(at(all, 0.95)) },
    ]),
  )
  console.table(measured)
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version }
  const folder = join(import.meta.dirname, 'results')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dashboard.json'), `${JSON.stringify({ machine, runs, rounds, measured }, null, 2)}\n`)
}
