'use client'

import type { InDoubtDecision, Run } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'

const choices: { decision: InDoubtDecision; label: string; about: string }[] = [
  { decision: 'retry', label: 'Call it again', about: 'if it did not happen, or may happen twice' },
  { decision: 'skip', label: 'Go on without', about: 'the agent is told that the outcome is unknown' },
  { decision: 'fail', label: 'End the run', about: 'it can be redriven later' },
]

/** A tool was called when the worker died: only a person can find out whether it did its work. */
export function Decision({ run, step }: { run: Run; step: string }) {
  const { can } = useSession()
  const decide = useAct('decideRun', { changes: ['getRun', 'listRuns', 'listRunEvents'], done: 'Decided' })
  const name = run.steps.find((each) => each.step === step)?.name ?? step
  return (
    <section className="rounded-md bg-warn-soft p-3" aria-label={`Decide about ${name}`}>
      <p className="font-medium">Did {name} do its work?</p>
      <p className="mt-0.5 text-soft">
        The worker died during the call, so nobody knows. Look where its effect would show, then decide.
      </p>
      {can('runs:control') && (
        <ul className="mt-3 flex flex-col gap-2">
          {choices.map(({ decision, label, about }) => (
            <li key={decision} className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <Button
                size="small"
                busy={decide.isPending}
                onClick={() => decide.mutate({ params: { id: run.id }, body: { step, decision } })}
              >
                {label}
              </Button>
              <span className="text-soft">{about}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
