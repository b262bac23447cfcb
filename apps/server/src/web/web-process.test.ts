import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@freehold/testkit'
import pino from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startWebProcess } from './web-process.ts'

const main = join(import.meta.dirname, 'web-main.fixture.ts')
let folder: string
let started = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freehold-web-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** A process that is no dashboard, but is run like one. */
function startStandIn(env: Record<string, string>) {
  started += 1
  const logs: string[] = []
  const told: string[] = []
  const web = startWebProcess({
    main,
    gatewayUrl: 'http://127.0.0.1:2',
    host: '127.0.0.1',
    port: 0,
    env: { STARTS: join(folder, `starts-${started}`), ...env },
    logger: pino({ level: 'error' }, { write: (line: string) => void logs.push(line) }),
    progress: (line) => void told.push(line),
    onReady: () => {},
  })
  onTestFinished(() => web.stop())
  return { web, logs, told }
}

test('it has nothing of the environment but what it is given', async () => {
  process.env.FREEHOLD_SECRET_KEY = 'a secret of the server'
  onTestFinished(() => void delete process.env.FREEHOLD_SECRET_KEY)
  const { web, told } = startStandIn({ TZ: 'UTC' })
  await waitFor(() => web.url())
  const names = told.flatMap((line) => line.split(',')).filter((name) => !name.startsWith('NODE_CHANNEL_'))
  expect(names).toEqual(['FREEHOLD_GATEWAY_URL', 'HOST', 'NODE_ENV', 'PORT', 'STARTS', 'TZ'])
})

test('it is started again when it ends, and what it said then is logged', async () => {
  const { web, logs, told } = startStandIn({ ENDS: '1' })
  expect(await waitFor(() => web.url())).toBe('http://127.0.0.1:1')
  expect(told).toHaveLength(2)
  expect(logs).toEqual([expect.stringContaining('no room')])
  expect(logs[0]).toContain('"code":3')
})

test('it stops before it is ready', async () => {
  const { web, told } = startStandIn({ IS_STUCK: 'yes' })
  await waitFor(() => told.length > 0)
  await web.stop()
  expect(web.url()).toBeUndefined()
})

test('one that can not be started at all is tried again, and can be stopped', async () => {
  const { web, logs } = startStandIn({ 'not a variable': '\0' })
  await waitFor(() => logs.length > 1)
  expect(logs[0]).toContain('could not be started')
  await web.stop()
})
