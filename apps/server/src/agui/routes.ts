import { type AGUIEvent, EventType } from '@ag-ui/core'
import { EventEncoder } from '@ag-ui/encoder'
import { agentNameSchema, FreeholdError, type RunEvent, type TextDelta } from '@freehold/contracts'
import { authorize, type Caller, getRun, type Interruption, readConversation, startRun } from '@freehold/core'
import type { Context } from 'hono'
import { callerOf } from '../api/caller.ts'
import type { ApiApp, ApiParts } from '../api/parts.ts'
import { readJson } from '../api/read-json.ts'
import { watchWhileAllowed } from '../api/watch-while-allowed.ts'
import { eventStream } from '../http/sse.ts'
import { answerInterrupt } from './answer-interrupt.ts'
import { connected } from './connect.ts'
import { type AguiInput, readAguiInput, readConnectInput } from './read-input.ts'
import { AguiTranslator } from './translate.ts'

/**
 * AG-UI at `/agui/{agent}`. A run is known by the client's own `runId`, so posting the same input again after the
 * connection broke attaches to the run, from its beginning, instead of starting another. With `resume` entries it goes on
 * behind the interrupt that they answer, which is also where it attaches again.
 *
 * A client that knows nothing but the thread posts to `/agui/{agent}/connect`, and gets what was said so far and the rest of
 * what is being said.
 */
export function mountAgui(app: ApiApp, parts: ApiParts): void {
  app.post('/agui/:agent', async (c) => {
    const caller = callerOf(parts.platform, c.get('claims'), 'runs:start', c.req.header('x-team-id'))
    // A caller that may start the run but not watch it must be refused before the run exists.
    authorize(caller, 'runs:read')
    const agent = readAgent(c.req.param('agent'))
    const input = readAguiInput(await readJson(c.req.raw))
    const { runId, behind } = await findOrStartRun(caller, agent, input)
    const events = await watchWhileAllowed(caller, runId, { after: behind?.seq ?? 0, signal: signalOf(c, parts) })
    return aguiStream(translated(events, runId, input, behind))
  })

  app.post('/agui/:agent/connect', async (c) => {
    const caller = callerOf(parts.platform, c.get('claims'), 'threads:read', c.req.header('x-team-id'))
    readAgent(c.req.param('agent'))
    const input = readConnectInput(await readJson(c.req.raw))
    const conversation = await readConversation(caller, input.threadId)
    const watch = (runId: string) => watchWhileAllowed(caller, runId, { after: 0, signal: signalOf(c, parts) })
    return aguiStream(connected(conversation, input, conversation.lastRun && (await watch(conversation.lastRun.id))))
  })
}

function readAgent(given: string): string {
  const agent = agentNameSchema.safeParse(given)
  if (!agent.success) throw new FreeholdError('not_found', 'There is no agent with this name.')
  return agent.data
}

function signalOf(c: Context, parts: ApiParts): AbortSignal {
  return AbortSignal.any([c.req.raw.signal, parts.shutdown])
}

function aguiStream(events: AsyncGenerator<AGUIEvent>): Response {
  const encoder = new EventEncoder()
  const broken = { message: 'The stream broke. Post the same input again.', code: 'stream_broken' }
  return eventStream(
    events,
    (event) => encoder.encodeSSE(event),
    () => encoder.encodeSSE({ type: EventType.RUN_ERROR, ...broken }),
  )
}

/** The run that this input is about, and the interrupt behind which it goes on, if it is no new one. */
async function findOrStartRun(
  caller: Caller,
  agent: string,
  input: AguiInput,
): Promise<{ runId: string; behind?: Interruption }> {
  if (input.answers.length > 0) {
    const behind = await answerInterrupt(caller, agent, input)
    return { runId: behind.runId, behind }
  }
  const { runId } = await startRun(caller, {
    agent,
    message: input.message,
    threadId: input.threadId,
    environment: input.environment,
    ...(input.user !== undefined && { user: input.user }),
    ...(input.version !== undefined && { version: input.version }),
    metadata: {},
    clientKey: `agui:${input.runId}`,
  })
  const run = await getRun(caller, runId)
  if (run.agent !== agent || run.threadId !== input.threadId) {
    throw new FreeholdError('conflict', `The runId "${input.runId}" belongs to a run of another agent or thread.`)
  }
  return { runId }
}

async function* translated(
  events: AsyncGenerator<RunEvent | TextDelta>,
  id: string,
  { threadId, runId }: AguiInput,
  behind: Interruption | undefined,
): AsyncGenerator<AGUIEvent> {
  const translator = new AguiTranslator({ threadId, runId, id, ...(behind && { asked: behind.asked }) })
  yield* translator.begin()
  // Nobody decided meanwhile, so there is nothing to wait for on this connection.
  if (behind?.lasts) yield* translator.interrupt(behind.waits)
  for await (const event of translator.finished ? [] : events) {
    yield* translator.translate(event)
    if (translator.finished) return
  }
  yield* translator.end()
}
