import { readFile, rm } from 'node:fs/promises'
import { createClient } from '@freehold/contracts'
import { defineProgram, defineTool } from '@freehold/runtime'
import { createDataFolder } from '@freehold/testkit'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { credentialsPath, readConfig, type ServerConfig } from './config.ts'
import { serve } from './serve.ts'

const double = defineTool({
  name: 'double',
  description: 'Doubles a number.',
  input: z.object({ n: z.number() }),
  output: z.number(),
  risk: 'low',
  idempotent: true,
  handler: async ({ n }) => 2 * n,
})

const doubling = defineProgram('doubling', async (run) => {
  const { output } = await run.tool({ id: 'call_1', name: 'double', input: { n: Number(run.message) } })
  return output
})

let config: ServerConfig

beforeEach(async () => {
  config = readConfig(
    {
      FREEHOLD_DATA_DIR: await createDataFolder(),
      PORT: '0',
      FREEHOLD_DASHBOARD: 'off',
      FREEHOLD_SHUTDOWN_GRACE_MS: '0',
    },
    'all',
  )
})
afterEach(() => rm(config.dataDir, { recursive: true, force: true }))

const serveWith = (extensions: Parameters<typeof serve>[3]) =>
  serve(config, pino({ level: 'silent' }), () => {}, extensions)

it("serves an operator's own programs and tools", async () => {
  const server = await serveWith({ programs: [doubling], tools: [double] })
  try {
    const { tenants } = JSON.parse(await readFile(credentialsPath(config.dataDir), 'utf8'))
    const client = createClient({ url: server.url ?? '', apiKey: tenants.acme.apiKey })
    await client.createAgent({ body: { name: 'doubler', program: 'doubling', tools: ['double'] } })
    const run = await client.startRun({ params: { name: 'doubler' }, query: { wait: 20 }, body: { message: '21' } })
    expect(run).toMatchObject({ status: 'succeeded', output: 42 })
  } finally {
    await server.stop()
  }
})

it('does not start with two programs or two tools of one name', async () => {
  await expect(serveWith({ programs: [defineProgram('assistant', async () => null)] })).rejects.toThrow(
    'Two programs are called "assistant". Rename one of them.',
  )
  await expect(serveWith({ tools: [double, double] })).rejects.toThrow('Two tools are called "double".')
})

it("does not start with a program that has the name of the platform's own", async () => {
  await expect(serveWith({ programs: [defineProgram('deliver-webhook', async () => null)] })).rejects.toThrow(
    'The platform delivers webhooks with its own program "deliver-webhook". Rename yours.',
  )
})
