'use client'

import type { CustomHost } from '@freehold/contracts'
import { type FormEvent, useState } from 'react'
import { useAct } from '../../api/use-api.ts'
import { useSession } from '../../session/session.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Code } from '../../ui/code.tsx'
import { Confirm } from '../../ui/confirm.tsx'
import { Field, Input } from '../../ui/field.tsx'
import { fieldErrors } from '../../ui/field-errors.ts'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

export function HostCard({ host }: { host: CustomHost | null }) {
  const { can } = useSession()
  return (
    <Card title="Host name" actions={host && <HostStatus host={host} />}>
      <div className="flex flex-col gap-4 p-4">
        {host ? (
          <Claimed host={host} />
        ) : (
          <p className="max-w-prose text-soft">
            People can find this tenant at an address of its own. Claim one, put the record that you are shown into DNS,
            and verify it.
          </p>
        )}
        {can('tenant:write') && (host ? <HostActions host={host} /> : <ClaimForm />)}
      </div>
    </Card>
  )
}

function HostStatus({ host: { status } }: { host: CustomHost }) {
  if (status === 'verified') return <Badge tone="good">verified</Badge>
  return status === 'expired' ? <Badge tone="bad">expired</Badge> : <Badge tone="warn">not verified yet</Badge>
}

function Claimed({ host: { host, status, record, expiresAt, verifiedAt } }: { host: CustomHost }) {
  return (
    <>
      <div>
        <p className="font-medium break-all">{host}</p>
        <p className="mt-0.5 max-w-prose text-soft">
          {status === 'verified' && (
            <>
              Verified {verifiedAt !== null && <Time at={verifiedAt} />}. Leave the record in DNS: it is what keeps the
              host yours.
            </>
          )}
          {status === 'pending' && (
            <>
              Put this record into DNS, then verify it. The claim is void{' '}
              {expiresAt !== null && <Time at={expiresAt} />}.
            </>
          )}
          {status === 'expired' && 'The claim is void. Give it up, and claim the host anew.'}
        </p>
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <div className="min-w-0">
          <h3 className="mb-1.5 text-xs text-soft">Name of the {record.type} record</h3>
          <Code text={record.name} label="Name of the record" />
        </div>
        <div className="min-w-0">
          <h3 className="mb-1.5 text-xs text-soft">Its value</h3>
          <Code text={record.value} label="Value of the record" />
        </div>
      </div>
    </>
  )
}

function HostActions({ host: { host, status } }: { host: CustomHost }) {
  const verify = useAct('verifyHost', {
    changes: ['getBranding'],
    done: (after) => `${after.host} is verified, and in use from now on`,
    quiet: true,
  })
  const release = useAct('releaseHost', { changes: ['getBranding'], done: `${host} is given up` })
  const problem = fieldErrors(verify.error).rest()
  return (
    <>
      {problem !== undefined && (
        <p role="alert" className="text-bad">
          {problem}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        {status === 'pending' && (
          <Button kind="primary" busy={verify.isPending} onClick={() => verify.mutate({})}>
            Verify
          </Button>
        )}
        <Confirm
          trigger={<Button kind="danger">Give up</Button>}
          title={`Give up ${host}?`}
          about="The address leads to this tenant no more. To have it again, claim and verify it anew."
          action="Give up host"
          onConfirm={() => release.mutateAsync({})}
        />
      </div>
    </>
  )
}

function ClaimForm() {
  const [host, setHost] = useState('')
  const claim = useAct('claimHost', { changes: ['getBranding'], quiet: true })
  const errors = fieldErrors(claim.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    claim.mutate({ body: { host } })
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-start gap-2">
      <Field label="Host name" error={errors.of('host') ?? errors.rest('host')} className="grow basis-60">
        <Input
          value={host}
          required
          placeholder="agents.example.com"
          onChange={(event) => setHost(event.target.value.trim())}
        />
      </Field>
      <Button type="submit" busy={claim.isPending} className="mt-6.5">
        Claim
      </Button>
    </form>
  )
}
