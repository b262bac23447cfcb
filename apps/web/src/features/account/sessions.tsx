'use client'

import { Monitor } from 'lucide-react'
import { Badge } from '../../ui/badge.tsx'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Answered, ListSkeleton } from '../../ui/listing.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { AuthError, callAuth } from '../sign-in/auth-client.ts'
import { describeDevice } from './describe-device.ts'
import { Row } from './row.tsx'
import { useAuth, useAuthAct } from './use-auth.ts'

interface Session {
  id: string
  /** Names it when it is to end; no cookie can be made of it. */
  token: string
  createdAt: string
  ipAddress?: string | null
  userAgent?: string | null
}

export function Sessions({ currentId }: { currentId: string }) {
  const sessions = useAuth<Session[]>('list-sessions')
  const isStale = sessions.error instanceof AuthError && sessions.error.reason === 'SESSION_NOT_FRESH'
  const others = useAuthAct(() => callAuth('revoke-other-sessions', {}), {
    changes: ['list-sessions'],
    done: 'Signed out everywhere else',
  })
  const hasOthers = isStale || (sessions.data?.length ?? 0) > 1
  const endOthers = hasOthers && (
    <Confirm
      trigger={<Button size="small">Sign out everywhere else</Button>}
      title="Sign out everywhere else?"
      about="Whoever uses your account in another browser has to sign in again. You stay signed in here."
      action="Sign out everywhere else"
      onConfirm={() => others.mutateAsync(undefined)}
    />
  )
  return (
    <Card title="Where you are signed in" actions={endOthers}>
      {isStale ? (
        <Row action={<ButtonLink href="/sign-in?next=/account">Sign in again</ButtonLink>}>
          You signed in more than a day ago. Sign in again to see the list.
        </Row>
      ) : (
        <Answered answer={sessions} skeleton={<ListSkeleton rows={2} />}>
          {(known) => (
            <ul className="divide-y divide-line">
              {known.toSorted(byAge(currentId)).map((session) => (
                <li key={session.id}>
                  <SessionRow session={session} isCurrent={session.id === currentId} />
                </li>
              ))}
            </ul>
          )}
        </Answered>
      )}
    </Card>
  )
}

/** This one first, then the newest. */
function byAge(currentId: string) {
  return (one: Session, other: Session) =>
    Number(other.id === currentId) - Number(one.id === currentId) ||
    Date.parse(other.createdAt) - Date.parse(one.createdAt)
}

function SessionRow({ session, isCurrent }: { session: Session; isCurrent: boolean }) {
  const { token, createdAt, ipAddress, userAgent } = session
  const device = describeDevice(userAgent ?? '')
  const end = useAuthAct(() => callAuth('revoke-session', { token }), {
    changes: ['list-sessions'],
    done: `${device} is signed out`,
  })
  const action = isCurrent ? (
    <Badge tone="good">This browser</Badge>
  ) : (
    <Button size="small" busy={end.isPending} onClick={() => end.mutate(undefined)} aria-label={`Sign out ${device}`}>
      Sign out
    </Button>
  )
  return (
    <Row action={action}>
      <span className="flex items-center gap-2.5">
        <Monitor className="size-4 shrink-0 text-faint" aria-hidden />
        <span className="min-w-0">
          <span className="block truncate font-medium text-ink">{device}</span>
          <span className="text-xs text-faint">
            Signed in <Time at={createdAt} />
            {ipAddress && ` from ${ipAddress}`}
          </span>
        </span>
      </span>
    </Row>
  )
}
