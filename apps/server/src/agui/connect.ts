import { type AGUIEvent, EventType } from '@ag-ui/core'
import type { RunEvent, TextDelta } from '@freehold/contracts'
import type { Conversation } from '@freehold/core'
import { toAguiMessages } from './snapshot.ts'
import { AguiTranslator } from './translate.ts'

/**
 * What was said before the last run as one snapshot, then that run from its beginning, live where it still goes on. So
 * whoever connects in the middle of an answer has the whole of it, once.
 */
export async function* connected(
  { messages, lastRun }: Conversation,
  { threadId, runId }: { threadId: string; runId: string },
  events: AsyncGenerator<RunEvent | TextDelta> | undefined,
): AsyncGenerator<AGUIEvent> {
  if (!lastRun || !events) {
    yield { type: EventType.RUN_STARTED, threadId, runId }
    yield { type: EventType.MESSAGES_SNAPSHOT, messages: [] }
    yield { type: EventType.RUN_FINISHED, threadId, runId, outcome: { type: 'success' } }
    return
  }
  const { id, lastSeq } = lastRun
  const translator = new AguiTranslator({ threadId, runId: id, id, wentOnBefore: lastSeq })
  yield* translator.begin()
  yield { type: EventType.MESSAGES_SNAPSHOT, messages: toAguiMessages(messages) }
  for await (const event of events) {
    yield* translator.translate(event)
    if (translator.finished) return
  }
  yield* translator.end()
}
