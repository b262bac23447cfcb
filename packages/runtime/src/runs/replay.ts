import type { EventData, RunEvent, RunEventType } from '@freehold/contracts'
import { RunFailure } from './outcomes.ts'

/**
 * What the journal makes of a value, so that a replay gives a program the same as the first time. Throws a `TypeError`
 * for what JSON can't hold.
 */
export function throughJson<T>(value: T): T {
  const text: string | undefined = JSON.stringify(value)
  return text === undefined ? value : JSON.parse(text)
}

/** The same for what the journal is to hold, of which `what` tells the owner of the program. */
export function journalable<T>(value: T, what: string): T {
  try {
    return throughJson(value)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RunFailure('program_failed', `${what} can not be written as JSON: ${reason}.`, { retryable: true })
  }
}

type EventOf<T extends RunEventType> = Extract<RunEvent, { type: T }>

/** What the journal already holds, by step. */
export class Replay {
  private readonly byStep = new Map<string, RunEvent[]>()

  constructor(events: readonly RunEvent[]) {
    for (const event of events) {
      if (event.type === 'run.redriven') {
        this.forgetFailedQuestions()
        this.forgetRaises()
      }
      if (!('step' in event.data)) continue
      const known = this.byStep.get(event.data.step)
      if (known) known.push(event)
      else this.byStep.set(event.data.step, [event])
    }
  }

  /**
   * Who redrives a run doesn't want it to fail as it did before: what was decided so is in doubt again, and what expired
   * is asked again.
   */
  private forgetFailedQuestions(): void {
    for (const known of this.byStep.values()) {
      const last = known.at(-1)
      if (last?.type === 'decision.made' && last.data.decision === 'fail') {
        known.splice(known.findLastIndex(({ type }) => type === 'decision.requested'))
      }
      if (last?.type === 'approval.decided' && last.data.decision === 'failed') {
        known.splice(known.findLastIndex(({ type }) => type === 'approval.requested'))
      }
    }
  }

  /** A redriven run meets its budgets as they are now, and asks anew for what they lack. */
  private forgetRaises(): void {
    for (const step of this.byStep.keys()) if (step.startsWith('budget:')) this.byStep.delete(step)
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
