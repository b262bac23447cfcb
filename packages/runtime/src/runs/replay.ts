import type { EventData, RunEvent, RunEventType } from '@freehold/contracts'

type EventOf<T extends RunEventType> = Extract<RunEvent, { type: T }>

/** What the journal already holds, by step. */
export class Replay {
  private readonly byStep = new Map<string, RunEvent[]>()

  constructor(events: readonly RunEvent[]) {
    for (const event of events) {
      if (!('step' in event.data)) continue
      const known = this.byStep.get(event.data.step)
      if (known) known.push(event)
      else this.byStep.set(event.data.step, [event])
    }
  }

  find<T extends RunEventType>(step: string, type: T): EventData<T> | undefined {
    const event = this.byStep.get(step)?.findLast((candidate): candidate is EventOf<T> => candidate.type === type)
    // `EventOf<T>` carries `EventData<T>`; TypeScript can't follow that through the generic.
    return event?.data as EventData<T> | undefined
  }

  /** The last of these that happened in a step. */
  last(step: string, types: readonly RunEventType[]): RunEvent | undefined {
    return this.byStep.get(step)?.findLast((event) => types.includes(event.type))
  }
}
