'use client'

import type { Agent, Environment, Release, ReleaseEntry } from '@freehold/contracts'
import { useState } from 'react'
import { useAct, useApi } from '../../../api/use-api.ts'
import { useSession } from '../../../session/session.tsx'
import { Button } from '../../../ui/button.tsx'
import { Confirm } from '../../../ui/confirm.tsx'
import { Answered } from '../../../ui/listing.tsx'
import { Card, Skeleton } from '../../../ui/page.tsx'
import { Time } from '../../../ui/time.tsx'
import { ActorName } from '../../people/actor-name.tsx'
import { environmentBefore } from '../environments.ts'
import { CanaryTrial } from './canary-trial.tsx'
import { changedByRelease } from './changed-by-release.ts'
import { ReleaseDialog, type Wanted } from './release-dialog.tsx'

const everyMs = 5_000

export function EnvironmentCard({ agent, environment }: { agent: Agent; environment: Environment }) {
  const place = { params: { name: agent.name, environment } }
  const isServed = agent.releases[environment] !== null
  const release = useApi('getRelease', place, { everyMs, enabled: isServed })
  const history = useApi('listReleaseHistory', { ...place, query: { limit: 50 } }, { enabled: isServed })
  return (
    <Card title={<span className="capitalize">{environment}</span>} className="flex flex-col">
      <div className="flex grow flex-col gap-4 p-4">
        {isServed ? (
          <Answered answer={release} skeleton={<Skeleton className="h-16" />}>
            {(found) => <Serving release={found} since={beganWith(found, history.data?.items ?? [])} />}
          </Answered>
        ) : (
          <p className="text-soft">Nothing serves here yet.</p>
        )}
        <Actions agent={agent} environment={environment} release={release.data} history={history.data?.items ?? []} />
      </div>
    </Card>
  )
}

/** The entry since when the version serves that serves now. */
function beganWith({ version }: Release, history: readonly ReleaseEntry[]): ReleaseEntry | undefined {
  const before = history.findIndex((entry) => entry.version !== version)
  return before === -1 ? history.at(-1) : history[before - 1]
}

function Serving({ release, since }: { release: Release; since: ReleaseEntry | undefined }) {
  return (
    <>
      <div>
        <p className="text-2xl font-semibold tracking-tight">v{release.version}</p>
        {since && (
          <p className="mt-0.5 text-xs text-faint">
            <Time at={since.at} /> by <ActorName actor={since.by} />
          </p>
        )}
        {since?.comment && <p className="mt-1.5 break-words text-soft">“{since.comment}”</p>}
      </div>
      {release.canary && <CanaryTrial stable={release.version} canary={release.canary} />}
    </>
  )
}

interface ActionsProps {
  agent: Agent
  environment: Environment
  release: Release | undefined
  history: readonly ReleaseEntry[]
}

function Actions({ agent, environment, release, history }: ActionsProps) {
  const { can } = useSession()
  const [wanted, setWanted] = useState<Wanted>()
  if (!can('agents:release')) return null
  const before = environmentBefore(environment)
  const next = before === undefined ? agent.version : agent.releases[before]
  const canary = release?.canary
  return (
    <div className="mt-auto flex flex-wrap gap-2">
      {canary ? (
        <>
          <Button kind="primary" onClick={() => setWanted({ version: canary.version, percent: undefined })}>
            Give v{canary.version} to everyone
          </Button>
          <Button onClick={() => setWanted({ version: canary.version, percent: canary.percent })}>
            Change its share
          </Button>
        </>
      ) : (
        next !== null &&
        next !== agent.releases[environment] && (
          <Button kind="primary" onClick={() => setWanted({ version: next, percent: undefined })}>
            {before === undefined ? `Release v${next}` : `Promote v${next}`}
          </Button>
        )
      )}
      {!canary && (
        <Button onClick={() => setWanted({ version: undefined, percent: undefined })}>Another version…</Button>
      )}
      {release && (canary || canGoBack(release, history)) && <RollBack release={release} />}
      {wanted && (
        <ReleaseDialog agent={agent} environment={environment} wanted={wanted} onClose={() => setWanted(undefined)} />
      )}
    </div>
  )
}

/** Whether what serves took the place of something when it was released. */
function canGoBack({ version }: Release, history: readonly ReleaseEntry[]): boolean {
  return history.some(
    (entry) =>
      entry.version === version &&
      (entry.kind === 'direct' || entry.kind === 'promotion') &&
      entry.replacedVersion !== null &&
      entry.replacedVersion !== version,
  )
}

function RollBack({ release: { agent, environment, version, canary } }: { release: Release }) {
  const rollBack = useAct('rollBackRelease', {
    changes: changedByRelease,
    done: (after) => `Version ${after.version} serves in ${environment}`,
  })
  const from = canary?.version ?? version
  return (
    <Confirm
      trigger={<Button kind="danger">{canary ? 'End the canary' : 'Roll back'}</Button>}
      title={canary ? `End the canary of v${from}?` : `Roll ${environment} back from v${from}?`}
      about={
        canary
          ? `Version ${version} serves everyone again, from the next run on.`
          : 'The version that was released before it serves again, from the next run on. Runs that have started keep theirs.'
      }
      action={canary ? 'End canary' : 'Roll back'}
      onConfirm={() => rollBack.mutateAsync({ params: { name: agent, environment }, body: { from } })}
    />
  )
}
