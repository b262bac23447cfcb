'use client'

import type { Schedule } from '@freehold/contracts'
import { CalendarClock, Ellipsis, Play, Plus } from 'lucide-react'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Menu } from '../../ui/menu.tsx'
import { onDemand } from '../../ui/on-demand.ts'
import { EmptyState, Page } from '../../ui/page.tsx'
import { Paged } from '../../ui/paged.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Moment, Time } from '../../ui/time.tsx'
import { DeleteSchedule } from './delete-schedule.tsx'
import { useCron } from './use-cron.ts'

const everyMs = 10_000

const ScheduleForm = onDemand(() => import('./schedule-form.tsx').then((module) => module.ScheduleForm))

export function SchedulesPage() {
  const { can } = useSession()
  const [open, setOpen] = useState<Schedule | 'new'>()
  const schedules = usePages('listSchedules', {}, everyMs)
  const create = can('schedules:write') && (
    <Button kind="primary" onClick={() => setOpen('new')}>
      <Plus /> New schedule
    </Button>
  )
  const empty = (
    <EmptyState icon={<CalendarClock />} title="No schedules yet" action={create}>
      A schedule asks an agent the same thing again and again, such as for a report on Mondays at 8, or once at a time.
    </EmptyState>
  )
  return (
    <Page title="Schedules" about="What agents do by the clock." actions={create}>
      <Paged list={schedules} empty={empty}>
        {(items) => <SchedulesTable schedules={items} onEdit={setOpen} />}
      </Paged>
      {open && <ScheduleForm {...(open !== 'new' && { schedule: open })} onClose={() => setOpen(undefined)} />}
    </Page>
  )
}

function SchedulesTable({
  schedules,
  onEdit,
}: {
  schedules: readonly Schedule[]
  onEdit: (schedule: Schedule) => void
}) {
  const { can, path } = useSession()
  const columns: Column<Schedule>[] = [
    {
      key: 'name',
      title: 'Schedule',
      className: 'min-w-36 max-w-md',
      cell: ({ name, message }) => (
        <>
          <span className="font-medium">{name}</span>
          <p className="line-clamp-1 text-xs text-faint">{message}</p>
        </>
      ),
    },
    {
      key: 'agent',
      title: 'Agent',
      wide: true,
      cell: ({ agent, environment }) => (
        <>
          <Link href={path(`/agents/${agent}`)} className="hover:underline">
            {agent}
          </Link>
          <span className="block text-xs text-faint">{environment}</span>
        </>
      ),
    },
    { key: 'when', title: 'When', wide: true, className: 'max-w-xs', cell: (schedule) => <When schedule={schedule} /> },
    { key: 'next', title: 'Next', right: true, cell: (schedule) => <Next schedule={schedule} /> },
    { key: 'last', title: 'Last run', right: true, wide: true, cell: (schedule) => <LastRun schedule={schedule} /> },
    {
      key: 'actions',
      title: <span className="sr-only">Actions</span>,
      right: true,
      cell: (schedule) => can('schedules:write') && <Actions schedule={schedule} onEdit={() => onEdit(schedule)} />,
    },
  ]
  return <Table label="Schedules" columns={columns} rows={schedules} rowKey={({ id }) => id} />
}

function When({ schedule: { cron, at, timeZone } }: { schedule: Schedule }) {
  const reader = useCron()
  if (cron === null) return at === null ? '–' : <Moment at={at} />
  return (
    <>
      <span title={cron}>{reader?.cronInWords(cron) ?? cron}</span>
      <span className="block text-xs text-faint">{timeZone}</span>
    </>
  )
}

function Next({ schedule: { status, nextTimes } }: { schedule: Schedule }) {
  const [next] = nextTimes
  if (status === 'paused') return <Badge tone="warn">Paused</Badge>
  return next === undefined ? <Badge>Done</Badge> : <Time at={next} />
}

function LastRun({ schedule: { lastTickAt, lastRunId, lastProblem } }: { schedule: Schedule }) {
  const { path } = useSession()
  if (lastTickAt === null) return '–'
  if (lastProblem !== null) {
    return (
      <>
        <Time at={lastTickAt} />
        <span className="block max-w-56 text-xs text-bad">{lastProblem}</span>
      </>
    )
  }
  if (lastRunId === null) return <Time at={lastTickAt} />
  return (
    <Link href={path(`/runs/${lastRunId}`)} className="hover:underline">
      <Time at={lastTickAt} />
    </Link>
  )
}

function Actions({ schedule, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const { path } = useSession()
  const router = useRouter()
  const [isDeleting, setDeleting] = useState(false)
  const { id, name, status } = schedule
  const update = useAct('updateSchedule', {
    changes: ['listSchedules'],
    done: (after) => (after.status === 'paused' ? `${name} is paused` : `${name} goes on`),
  })
  const trigger = useAct('triggerSchedule', {
    changes: ['listSchedules', 'listRuns'],
    done: `${name} runs now`,
    onDone: (run) => router.push(path(`/runs/${run.id}`)),
  })
  const runNow = () => trigger.mutate({ params: { id } })
  const setStatus = (next: 'active' | 'paused') => update.mutate({ params: { id }, body: { status: next } })
  return (
    <span className="inline-flex items-center gap-1">
      <Button
        size="small"
        busy={trigger.isPending}
        aria-label={`Run ${name} now`}
        onClick={runNow}
        className="max-sm:hidden"
      >
        <Play /> Run now
      </Button>
      <Menu
        trigger={
          <Button kind="quiet" size="small-icon" aria-label={`More for ${name}`}>
            <Ellipsis />
          </Button>
        }
        entries={[
          { label: 'Run now', onSelect: runNow },
          { label: 'Change…', onSelect: onEdit },
          status === 'paused'
            ? { label: 'Resume', onSelect: () => setStatus('active') }
            : { label: 'Pause', onSelect: () => setStatus('paused') },
          { label: 'Delete', danger: true, onSelect: () => setDeleting(true) },
        ]}
      />
      {isDeleting && <DeleteSchedule schedule={schedule} onClose={() => setDeleting(false)} />}
    </span>
  )
}
