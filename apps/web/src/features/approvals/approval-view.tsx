'use client'

import type { Approval } from '@freehold/contracts'
import Link from 'next/link'
import type { ReactNode } from 'react'
import { useApi } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Json } from '../../ui/code.tsx'
import { Facts } from '../../ui/facts.tsx'
import { Answered } from '../../ui/listing.tsx'
import { Card, Skeleton } from '../../ui/page.tsx'
import { Moment, Time } from '../../ui/time.tsx'
import { RiskBadge } from '../agents/risk-badge.tsx'
import { ActorName } from '../people/actor-name.tsx'
import { expiryWords, raiseOf, statusWords, titleOf } from './approval-words.ts'
import { Decide } from './decide.tsx'
import { Decisions } from './decisions.tsx'
import { approvedBy, whyNotDecide } from './may-decide.ts'
import { RaiseFacts } from './raise-facts.tsx'

const everyMs = 3_000

interface ApprovalViewProps {
  id: string
  /** Nothing is left to decide for whoever did. */
  onDecided?: () => void
}

/** All of an approval, exactly as it would be carried out, and the decision for those who may. */
export function ApprovalView({ id, onDecided }: ApprovalViewProps) {
  const answer = useApi('getApproval', { params: { id } }, { everyMs })
  return (
    <Answered answer={answer} skeleton={<Skeleton className="h-96" />}>
      {(approval) => <Told approval={approval} onDecided={onDecided} />}
    </Answered>
  )
}

function Told({ approval, onDecided }: { approval: Approval; onDecided: (() => void) | undefined }) {
  const session = useSession()
  const whyNot = whyNotDecide(approval, session)
  const status = statusWords[approval.status]
  return (
    <Card>
      <div className="flex flex-col gap-5 p-4 sm:p-5">
        <header>
          <div className="flex flex-wrap items-center gap-2">
            <h2 className="text-base font-semibold break-words">{titleOf(approval)}</h2>
            <Badge tone={status.tone}>{status.label}</Badge>
            <Risk tool={approval.tool} />
          </div>
          {approval.kind !== 'program' && <p className="mt-1 break-words text-soft">{approval.reason}</p>}
        </header>
        <Arguments approval={approval} />
        <Circumstances approval={approval} />
        <Decisions approval={approval} />
      </div>
      {approval.status === 'pending' && (
        <div className="rounded-b-lg border-t border-line bg-sunken p-4 sm:px-5">
          {whyNot === undefined ? (
            <Decide approval={approval} onDecided={onDecided} />
          ) : (
            <p className="text-soft">{whyNot}</p>
          )}
        </div>
      )}
    </Card>
  )
}

function Risk({ tool }: { tool: string | null }) {
  const { can } = useSession()
  const tools = useApi('listTools', undefined, { enabled: can('agents:read') })
  const risk = tools.data?.items.find(({ name }) => name === tool)?.risk
  return risk && <RiskBadge risk={risk} />
}

function Arguments({ approval }: { approval: Approval }) {
  const raise = raiseOf(approval)
  if (raise) return <RaiseFacts raise={raise} />
  const isEdited = approval.decisions.some(({ edited }) => edited)
  return (
    <div className="flex flex-col gap-3">
      <Part title={isEdited ? 'Arguments, as edited' : 'Arguments, exactly'}>
        <Json value={approval.arguments} label="Arguments" />
      </Part>
      {isEdited && (
        <details>
          <summary className="cursor-pointer text-soft">As the agent asked</summary>
          <div className="mt-2">
            <Json value={approval.originalArguments} label="Original arguments" />
          </div>
        </details>
      )}
    </div>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3 className="mb-1.5 text-xs font-medium text-faint">{title}</h3>
      {children}
    </div>
  )
}

function Circumstances({ approval }: { approval: Approval }) {
  const { path } = useSession()
  const { agent, version, runId, requestedBy, approvers, quorum, allowSelf, expiresAt, onExpiry } = approval
  const who = [
    ...approvers.roles.map((role) => <span key={role}>the role {role}</span>),
    ...approvers.actors.map((actor) => <ActorName key={actor} actor={actor} />),
  ]
  return (
    <Facts
      facts={[
        [
          'Agent',
          <>
            <Link className="text-accent underline" href={path(`/agents/${encodeURIComponent(agent)}`)}>
              {agent}
            </Link>{' '}
            v{version}, in{' '}
            <Link className="text-accent underline" href={path(`/runs/${runId}`)}>
              this run
            </Link>
          </>,
        ],
        ['Started by', <ActorName key="by" actor={requestedBy} />],
        [
          'Who decides',
          <>
            {who.length === 0
              ? `whoever may decide approvals${approval.kind === 'budget' ? ' and change budgets' : ''}`
              : who.flatMap((each, index) => (index === 0 ? [each] : [' or ', each]))}
            {!allowSelf && ', but not who started it'}
          </>,
        ],
        quorum > 1 && ['Approvals', `${approvedBy(approval)} of ${quorum}`],
        approval.status === 'pending' && [
          'Until',
          <>
            <Moment at={expiresAt} /> (<Time at={expiresAt} />
            ), {expiryWords[onExpiry]}
          </>,
        ],
      ]}
    />
  )
}
