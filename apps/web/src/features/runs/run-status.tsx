import type { RunStatus } from '@freehold/contracts'
import { Ban, CircleCheck, CircleDashed, CircleX, Hourglass, LoaderCircle } from 'lucide-react'
import { Badge, type Tone } from '../../ui/badge.tsx'

const looks: Record<RunStatus, { tone: Tone; label: string; Icon: typeof Ban }> = {
  queued: { tone: 'neutral', label: 'Queued', Icon: CircleDashed },
  running: { tone: 'info', label: 'Running', Icon: LoaderCircle },
  waiting: { tone: 'warn', label: 'Waiting', Icon: Hourglass },
  succeeded: { tone: 'good', label: 'Succeeded', Icon: CircleCheck },
  failed: { tone: 'bad', label: 'Failed', Icon: CircleX },
  cancelled: { tone: 'neutral', label: 'Cancelled', Icon: Ban },
}

export const statusLabel = (status: RunStatus): string => looks[status].label

export function RunStatusBadge({ status }: { status: RunStatus }) {
  const { tone, label, Icon } = looks[status]
  return (
    <Badge tone={tone}>
      <Icon aria-hidden className={status === 'running' ? 'animate-spin' : undefined} />
      {label}
    </Badge>
  )
}
