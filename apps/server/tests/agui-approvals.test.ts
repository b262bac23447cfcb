import { rm } from 'node:fs/promises'
import type { AGUIEvent, ResumeEntry } from '@ag-ui/core'
import { type Client, createClient } from '@freehold/contracts'
import {
  createDataFolder,
  type EffectLedger,
  findFreePort,
  type ScriptedModel,
  type ServerProcess,
  spawnServer,
  startEffectLedger,
} from '@freehold/testkit'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { CheckedAgent } from './checked-agent.ts'
import { startPayingModel } from './payments.ts'

let ledger: EffectLedger
let model: ScriptedModel
let server: ServerProcess
let apiKey: string
let approverKey: string
let dataDir: string
let port: number

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {}) // the client prints what it throws
  ledger = await startEffectLedger()
  model = await startPayingModel(ledger)
  dataDir = await createDataFolder()
  port = await findFreePort()
  await startServer()
  const client = await server.client('acme')
  apiKey = (await server.credentials()).tenants.acme?.apiKey ?? ''
  approverKey = (await client.createKey({ body: { name: 'approver', roles: ['admin'] } })).apiKey
  const rule = { require: 'always' as const, allowSelf: false, approvers: { roles: ['admin' as const] } }
  await client.createAgent({
    body: { name: 'payer', tools: ['http_request'], approvals: { tools: { http_request: rule } } },
  })
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await Promise.all([model[Symbol.asyncDispose](), ledger[Symbol.asyncDispose]()])
  await rm(dataDir, { recursive: true, force: true })
})

async function startServer(): Promise<void> {
  server = await spawnServer({
    dataDir,
    port,
    env: { FREEHOLD_EGRESS_ALLOW: ledger.host, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: model.url },
  })
  await server.ready()
}

const as = (key: string): Client => createClient({ url: server.url, apiKey: key })

function createAgent(threadId: string, content: string, key = apiKey): CheckedAgent {
  const url = `${server.url}/agui/payer`
  const agent = new CheckedAgent({ url, headers: { authorization: `Bearer ${key}` }, threadId })
  agent.addMessage({ id: crypto.randomUUID(), role: 'user', content })
  return agent
}

/** Runs the agent and returns what it streamed. */
async function stream(agent: CheckedAgent, runId: string, resume?: ResumeEntry[]): Promise<AGUIEvent[]> {
  const events: AGUIEvent[] = []
  await agent.runAgent(resume ? { runId, resume } : { runId }, {
    onEvent: ({ event }) => void events.push(event as AGUIEvent),
  })
  return events
}

/** Connects to the thread of the agent and returns what was streamed. */
async function join(agent: CheckedAgent): Promise<AGUIEvent[]> {
  const events: AGUIEvent[] = []
  await agent.connectAgent({}, { onEvent: ({ event }) => void events.push(event as AGUIEvent) })
  return events
}

/** The interrupts with which a stream ended. */
function interruptsOf(events: readonly AGUIEvent[]) {
  const last = events.at(-1)
  return last?.type === 'RUN_FINISHED' && last.outcome?.type === 'interrupt' ? last.outcome.interrupts : []
}

const typesOf = (events: readonly AGUIEvent[]) => events.map(({ type }) => type).filter((type) => type !== 'CUSTOM')

const comeBack = (interruptId: string): ResumeEntry[] => [{ interruptId, status: 'resolved' }]

it('a run that needs an approval interrupts, survives a restart, goes on once another key approves, and acts once', async () => {
  const agent = createAgent('restart', 'pay /restart')
  const first = await stream(agent, 'restart-1')
  const [interrupt] = interruptsOf(first)
  const id = interrupt?.id ?? ''
  expect(interrupt).toMatchObject({
    reason: 'tool_approval',
    toolCallId: 'call__restart',
    metadata: { tool: 'http_request', arguments: { url: `${ledger.url}/restart`, method: 'POST', body: { n: 1 } } },
  })
  expect(agent.pendingInterrupts).toHaveLength(1)
  expect(ledger.arrivals('/restart')).toHaveLength(0)

  await server.kill('SIGKILL')
  await startServer()
  const { argumentsHash } = await as(approverKey).getApproval({ params: { id } })
  await as(approverKey).decideApproval({ params: { id }, body: { decision: 'approve', argumentsHash } })
  const second = await stream(agent, 'restart-2', comeBack(id))
  expect(typesOf(second)).toEqual([
    'RUN_STARTED',
    'TOOL_CALL_RESULT',
    'TEXT_MESSAGE_START',
    'TEXT_MESSAGE_CONTENT',
    'TEXT_MESSAGE_END',
    'RUN_FINISHED',
  ])
  expect(second.at(-1)).toMatchObject({ runId: 'restart-2', outcome: { type: 'success' }, result: 'all paid' })
  expect(agent.pendingInterrupts).toEqual([])
  expect(ledger.arrivals('/restart')).toHaveLength(1)
  const { items } = await as(apiKey).listRuns({ query: { threadId: 'restart' } })
  expect(items).toMatchObject([{ status: 'succeeded' }])

  // Both can be posted again, after a broken connection say, and tell the same.
  const again = createAgent('restart', 'pay /restart')
  expect(typesOf(await stream(again, 'restart-1'))).toEqual(typesOf(first))
  expect(typesOf(await stream(again, 'restart-2', comeBack(id)))).toEqual(typesOf(second))
  expect(ledger.arrivals('/restart')).toHaveLength(1)
})

it('who may decide decides by resuming; who may not is refused, and coming back undecided interrupts again', async () => {
  const agent = createAgent('by-resume', 'pay /by-resume')
  const [interrupt] = interruptsOf(await stream(agent, 'by-resume-1'))
  const payload = { decision: 'approve', argumentsHash: interrupt?.metadata?.argumentsHash }
  const answer: ResumeEntry[] = [{ interruptId: interrupt?.id ?? '', status: 'resolved', payload }]

  const refused = createAgent('by-resume', 'pay /by-resume')
  await expect(stream(refused, 'by-resume-2', answer)).rejects.toThrow(/403|permission/)
  const wrong = [{ ...answer[0], payload: { ...payload, argumentsHash: 'f'.repeat(64) } }] as ResumeEntry[]
  await expect(stream(createAgent('by-resume', 'x', approverKey), 'by-resume-3', wrong)).rejects.toThrow(/409|conflict/)
  const waiting = await stream(createAgent('by-resume', 'x'), 'by-resume-4', comeBack(interrupt?.id ?? ''))
  expect(typesOf(waiting)).toEqual(['RUN_STARTED', 'RUN_FINISHED'])
  expect(interruptsOf(waiting)).toEqual([interrupt])
  expect(ledger.arrivals('/by-resume')).toHaveLength(0)

  const decided = await stream(createAgent('by-resume', 'x', approverKey), 'by-resume-5', answer)
  expect(decided.at(-1)).toMatchObject({ outcome: { type: 'success' }, result: 'all paid' })
  expect(ledger.arrivals('/by-resume')).toHaveLength(1)
})

it('parallel calls interrupt together, later ones anew; a rejected call is told to the model', async () => {
  const agent = createAgent('several', 'pay /a /b then /c', approverKey)
  const both = interruptsOf(await stream(agent, 'several-1'))
  expect(both.map(({ toolCallId }) => toolCallId).sort()).toEqual(['call__a', 'call__b'])
  const answer = (decision: string) => (interrupt: (typeof both)[number]) => ({
    interruptId: interrupt.id,
    status: 'resolved' as const,
    payload: { decision, argumentsHash: interrupt.metadata?.argumentsHash, comment: 'so be it' },
  })
  // Whoever started a run may not decide for it here.
  await expect(stream(agent, 'several-2', both.map(answer('approve')))).rejects.toThrow()
  const { apiKey: otherKey } = await as(apiKey).createKey({ body: { name: 'other', roles: ['admin'] } })
  const other = createAgent('several', 'x', otherKey)
  const last = interruptsOf(await stream(other, 'several-3', both.map(answer('approve'))))
  expect(last.map(({ toolCallId }) => toolCallId)).toEqual(['call__c'])
  const end = await stream(other, 'several-4', last.map(answer('reject')))
  expect(end.find(({ type }) => type === 'TOOL_CALL_RESULT')).toMatchObject({
    toolCallId: 'call__c',
    content: expect.stringMatching(/^Rejected by api_key:.*: so be it$/),
  })
  expect(['/a', '/b', '/c'].map((path) => ledger.arrivals(path).length)).toEqual([1, 1, 0])
})

it('who connects to a thread sees what it waits for now, and nothing of what it waited for before', async () => {
  const agent = createAgent('joined', 'pay /d then /e')
  const [first] = interruptsOf(await stream(agent, 'joined-1'))
  expect(interruptsOf(await join(createAgent('joined', 'x')))).toEqual([first])

  await as(approverKey).decideApproval({ params: { id: first?.id ?? '' }, body: approve(first?.metadata) })
  const [second] = interruptsOf(await join(createAgent('joined', 'x')))
  expect(second).toMatchObject({ toolCallId: 'call__e' })

  await as(approverKey).decideApproval({ params: { id: second?.id ?? '' }, body: approve(second?.metadata) })
  const end = await join(createAgent('joined', 'x'))
  expect(end.at(-1)).toMatchObject({ type: 'RUN_FINISHED', outcome: { type: 'success' }, result: 'all paid' })
  expect(end.filter(({ type }) => type === 'TOOL_CALL_RESULT')).toHaveLength(2)
})

const approve = (metadata: { argumentsHash?: string } | undefined) =>
  ({ decision: 'approve', argumentsHash: metadata?.argumentsHash ?? '' }) as const

it('an interrupt of another thread, or of no run, is refused', async () => {
  const [interrupt] = interruptsOf(await stream(createAgent('mine', 'pay /mine'), 'mine-1'))
  const elsewhere = createAgent('elsewhere', 'x')
  await expect(stream(elsewhere, 'mine-2', comeBack(interrupt?.id ?? ''))).rejects.toThrow(/409|conflict/)
  await expect(stream(elsewhere, 'mine-3', comeBack(crypto.randomUUID()))).rejects.toThrow(/404|not_found/)
})
