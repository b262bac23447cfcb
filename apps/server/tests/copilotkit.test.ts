import { rm } from 'node:fs/promises'
import { createDataFolder, type ServerProcess, spawnServer } from '@freehold/testkit'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { FreeholdAgent } from '../../../examples/copilotkit/src/freehold-agent.ts'

// The example as it is, on the version of AG-UI's client that CopilotKit brings.
vi.mock('@ag-ui/client', () => import('copilotkit-ag-ui-client'))

let server: ServerProcess
let authorization: string

beforeAll(async () => {
  server = await spawnServer({ dataDir: await createDataFolder() })
  await server.ready()
  authorization = `Bearer ${(await server.credentials()).tenants.acme?.apiKey}`
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(server.dataDir, { recursive: true, force: true })
})

const createAgent = (threadId: string) =>
  new FreeholdAgent({ url: `${server.url}/agui/assistant`, headers: { authorization }, threadId })

it("CopilotKit's agent gets a streamed answer with a tool call, and finds it again when it connects to the thread", async () => {
  const agent = createAgent('copilot')
  agent.addMessage({ id: 'question', role: 'user', content: 'What is 17% of 2340?' })
  const pieces: string[] = []
  await agent.runAgent({}, { onTextMessageContentEvent: ({ event }) => void pieces.push(event.delta) })
  expect(pieces.length).toBeGreaterThan(3)
  expect(pieces.join('')).toContain('397.8')
  expect(agent.messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', toolCalls: [{ function: { name: 'calculate' } }] },
    { role: 'tool', content: '{"result":397.8}' },
    { role: 'assistant', content: pieces.join('') },
  ])

  const again = createAgent('copilot')
  await again.connectAgent()
  const said = ({ messages }: FreeholdAgent) => messages.map(({ role, content }) => [role, content])
  expect(said(again)).toEqual(said(agent))
})
