'use client'

import { useAct } from '../../api/use-api.ts'
import { usePages } from '../../api/use-pages.ts'
import { useSession } from '../../session/session.tsx'
import { Button } from '../../ui/button.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Moment } from '../../ui/time.tsx'
import { membersQuery } from './members-query.ts'

/** Who of the installation is let in for a while, what for, and until when. */
export function SupportNotice() {
  const { can } = useSession()
  const members = usePages('listMembers', membersQuery)
  const remove = useAct('removeMember', { changes: ['listMembers'], done: 'The access of support has ended' })
  const support = members.items?.filter(({ expiresAt }) => expiresAt !== null) ?? []
  return support.map(({ id, name, email, reason, expiresAt, roles }) => (
    <Notice
      key={id}
      tone="warn"
      title={`${name ?? email ?? 'Somebody'} of support has access as ${roles.join(', ')}`}
      action={
        can('members:write') && (
          <Confirm
            trigger={<Button size="small">End access</Button>}
            title="End the access of support?"
            about="They see nothing of this tenant within five seconds. They can ask to be let in again."
            action="End access"
            onConfirm={() => remove.mutateAsync({ params: { id } })}
          />
        )
      }
    >
      {reason} – until {expiresAt !== null && <Moment at={expiresAt} />}
    </Notice>
  ))
}
