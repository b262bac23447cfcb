'use client'

import type { Limits } from '@freehold/contracts'
import type { ReactNode } from 'react'
import { useApi } from '../../api/use-api.ts'
import { Meter } from '../../ui/charts/meter.tsx'
import { formatBytes, formatNumber } from '../../ui/format.ts'
import { Answered } from '../../ui/listing.tsx'
import { Card, Skeleton } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

const everyMs = 60_000

/** What the plan allows, and what is used of it. */
export function LimitsCard() {
  const limits = useApi('getLimits', {}, { everyMs })
  return (
    <Card title="Used of the plan">
      <Answered answer={limits} skeleton={<Skeleton className="m-4 h-28" />}>
        {({ quotas }) => <Quotas quotas={quotas} />}
      </Answered>
    </Card>
  )
}

function Quotas({ quotas: { agents, runsPerMonth, members, storageBytes } }: { quotas: Limits['quotas'] }) {
  return (
    <div className="grid gap-x-8 gap-y-5 p-4 sm:grid-cols-2 lg:grid-cols-4">
      <Quota label="Agents" {...agents} />
      <Quota
        label="Runs this month"
        {...runsPerMonth}
        note={
          <>
            Counted anew <Time at={runsPerMonth.resetsAt} />
          </>
        }
      />
      <Quota label="Members" {...members} note="With those who are invited" />
      <Quota
        label="Storage"
        {...storageBytes}
        format={formatBytes}
        note={
          storageBytes.measuredAt !== null && (
            <>
              Measured <Time at={storageBytes.measuredAt} />
            </>
          )
        }
      />
    </div>
  )
}

interface QuotaProps {
  label: string
  used: number | null
  allowed: number | null
  format?: (amount: number) => string
  note?: ReactNode
}

function Quota({ label, used, allowed, format = formatNumber, note }: QuotaProps) {
  const shown = used === null ? 'being measured' : format(used)
  const text = allowed === null ? `${shown}, no limit` : `${shown} of ${format(allowed)}`
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <p className="text-soft">{label}</p>
      <p className="font-medium tabular-nums">{text}</p>
      {allowed !== null && <Meter label={label} text={text} used={used ?? 0} limit={allowed} />}
      {note && <p className="text-xs text-faint">{note}</p>}
    </div>
  )
}
