import type { ApprovalSummary } from '@freehold/contracts'
import { classNames } from '../../ui/class-names.ts'
import { Time } from '../../ui/time.tsx'
import { gistOf, titleOf } from './approval-words.ts'

interface InboxRowProps {
  approval: ApprovalSummary
  isChosen: boolean
  onChoose: () => void
}

export function InboxRow({ approval, isChosen, onChoose }: InboxRowProps) {
  return (
    <button
      type="button"
      id={rowId(approval.id)}
      aria-current={isChosen || undefined}
      onClick={onChoose}
      className={classNames(
        'flex w-full flex-col gap-0.5 px-4 py-2.5 text-left -outline-offset-2',
        isChosen ? 'bg-accent-soft' : 'hover:bg-sunken',
      )}
    >
      <span className="flex w-full items-baseline justify-between gap-3">
        <span className="truncate font-medium">{titleOf(approval)}</span>
        <span className="shrink-0 text-xs text-soft">
          <Time at={approval.createdAt} />
        </span>
      </span>
      <span className="w-full truncate font-mono text-xs text-soft">{gistOf(approval)}</span>
      <span className="w-full truncate text-xs text-soft">
        {approval.agent} · expires <Time at={approval.expiresAt} />
      </span>
    </button>
  )
}

/** By which the keys find it. */
export const rowId = (id: string): string => `approval-${id}`
