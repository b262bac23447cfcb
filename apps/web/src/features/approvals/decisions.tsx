import type { Approval } from '@freehold/contracts'
import { CircleCheck, CircleX } from 'lucide-react'
import { Time } from '../../ui/time.tsx'
import { ActorName } from '../people/actor-name.tsx'

/** Who decided what, and why. */
export function Decisions({ approval: { decisions, argumentsHash } }: { approval: Approval }) {
  if (decisions.length === 0) return null
  return (
    <ul aria-label="Decisions" className="flex flex-col gap-2">
      {decisions.map((each) => (
        <li key={`${each.actor} ${each.at}`} className="flex gap-2">
          {each.decision === 'approve' ? (
            <CircleCheck className="mt-0.5 size-4 shrink-0 text-good" aria-hidden />
          ) : (
            <CircleX className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden />
          )}
          <div className="min-w-0">
            <span className="font-medium">
              <ActorName actor={each.actor} />
            </span>{' '}
            {each.decision === 'approve' ? 'approved' : 'refused'}
            {each.edited && ' with changes'}
            {each.decision === 'approve' && each.argumentsHash !== argumentsHash && ' what was changed since'}{' '}
            <span className="text-soft">
              <Time at={each.at} />
            </span>
            {each.comment && <p className="break-words text-soft">“{each.comment}”</p>}
          </div>
        </li>
      ))}
    </ul>
  )
}
