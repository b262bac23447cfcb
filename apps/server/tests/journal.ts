import type { Client, NewRunEvent, RunEvent } from '@freehold/contracts'
import { isTerminalEvent } from '@freehold/contracts'
import { waitFor } from '@freehold/testkit'

type Journaled = NewRunEvent & { seq: number; at: string }

/** The whole journal of a run, as JSON. */
export async function readJournal(client: Client, runId: string): Promise<Journaled[]> {
  const { items } = await client.listRunEvents({ params: { id: runId } })
  // The journal's writers are typed.
  return items as unknown as RunEvent[]
}

/** Waits until an event that `matches` is in the journal. */
export function untilJournaled(
  client: Client,
  runId: string,
  matches: (event: RunEvent) => boolean,
): Promise<RunEvent> {
  return waitFor(async () => (await readJournal(client, runId)).find(matches), {
    timeoutMs: 30_000,
    pollMs: 10,
    what: 'an event in the journal',
  })
}

export async function untilEnded(client: Client, runId: string): Promise<RunEvent[]> {
  await untilJournaled(client, runId, isTerminalEvent)
  return readJournal(client, runId)
}

const stepEnds = ['model.finished', 'tool.finished', 'child.finished', 'step.finished'] as const

/** The keys of the steps that finished, in order, as often as they did. */
export function finishedSteps(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) =>
    'step' in event.data && (stepEnds as readonly string[]).includes(event.type) ? [event.data.step] : [],
  )
}
