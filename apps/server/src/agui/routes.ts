import { type AGUIEvent, EventType } from '@ag-ui/core'
import { EventEncoder } from '@ag-ui/encoder'
import { agentNameSchema, FreeholdError, type RunEvent, type TextDelta } from '@freehold/contracts'
import { authorize, type Caller, getRun, type Interruption, startRun } from '@freehold/core'
import { callerOf } from '../api/caller.ts'
import type { ApiApp, ApiParts } from '../api/parts.ts'
import { readJson } from '../api/read-json.ts'
import { watchWhileAllowed } from '../api/watch-while-allowed.ts'
import { eventStream } from '../http/sse.ts'
import { answerInterrupt } from './answer-interrupt.ts'
import { type AguiInput, readAguiInput } from './read-input.ts'
import { AguiTranslator } from './translate.ts'

/**
 * AG-UI at `/agui/{agent}`. A run is known by the client's own `runId`, so posting the same input again after the
 * connection broke attaches to the run, from its beginning, instead of starting another. With `resume` entries it goes on
 * behind the interrupt that they answer, which is also where it attaches again.
 */
export function mountAgui(app: ApiApp, parts: ApiParts): void {
  app.post('/agui/:agent', async (c) => {
    const caller = callerOf(parts.platform, c.get('claims'), 'runs:start', c.req.header('x-team-id'))
    // A caller that may start the run but not watch it must be refused before the run exists.
    authorize(caller, 'runs:read')
    const agent = agentNameSchema.safeParse(c.req.param('agent'))
    if (!agent.success) throw new FreeholdError('not_found', 'There is no agent with this name.')
    const input = readAguiInput(await readJson(c.req.raw))
    const { runId, behind } = await findOrStartRun(caller, agent.data, input)
    const signal = AbortSignal.any([c.req.raw.signal, parts.shutdown])
    const events = await watchWhileAllowed(caller, runId, { after: behind?.seq ?? 0, signal })
    const encoder = new EventEncoder()
    return eventStream(
      translated(events, input, behind),
      (event) => encoder.encodeSSE(event),
      () =>
        encoder.encodeSSE({
          type: EventType.RUN_ERROR,
          message: 'The stream broke. Post the same input again.',
          code: 'stream_broken',
        }),
    )
  })
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
  input: AguiInput,
  behind: Interruption | undefined,
): AsyncGenerator<AGUIEvent> {
  const translator = new AguiTranslator(input, behind?.asked)
  yield* translator.begin()
  // Nobody decided meanwhile, so there is nothing to wait for on this connection.
  if (behind?.lasts) yield* translator.interrupt(behind.waits)
  for await (const event of translator.finished ? [] : events) {
    yield* translator.translate(event)
    if (translator.finished) return
  }
  yield* translator.end()
}
