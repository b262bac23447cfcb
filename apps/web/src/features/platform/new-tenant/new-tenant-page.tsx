'use client'

import type { AppliedTenant } from '@freehold/contracts'
import { notFound } from 'next/navigation'
import { type FormEvent, useState } from 'react'
import { useAct } from '../../../api/use-api.ts'
import { useSession } from '../../../session/session.tsx'
import { Button, ButtonLink } from '../../../ui/button.tsx'
import { fieldErrors } from '../../../ui/field-errors.ts'
import { Card, Page } from '../../../ui/page.tsx'
import { changedByTenant } from '../changed-by-tenant.ts'
import { Created } from './created.tsx'
import { definitionOf } from './draft.ts'
import { NameStep, OwnerStep, StartStep } from './fields.tsx'
import { Review } from './review.tsx'
import { StepList } from './step-list.tsx'
import { useDraft } from './use-draft.ts'

const steps = ['Name and plan', 'Owner', 'What it begins with', 'Review'] as const

/** A new tenant, step by step; nothing is made before the last. */
export function NewTenantPage() {
  const { can } = useSession()
  const { draft, change, forget } = useDraft()
  const [step, setStep] = useState(0)
  const [taken, setTaken] = useState<string>()
  const check = useAct('applyTenant', { changes: [], quiet: true })
  const create = useAct('createTenant', { changes: changedByTenant, quiet: true, onDone: forget })
  if (!can('platform:tenants:write')) notFound()
  if (create.data) return <Created tenant={create.data} />
  const isLast = step === steps.length - 1
  const goOn = ({ changes }: AppliedTenant) => {
    if (changes.some(({ action, kind }) => action === 'create' && kind === 'tenant')) setStep(step + 1)
    else setTaken(draft.name)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = definitionOf(draft)
    if (isLast) create.mutate({ body })
    else check.mutate({ query: { dryRun: 'true' }, body }, { onSuccess: goOn })
  }
  const error = isLast ? create.error : check.error
  const errors = fieldErrors(error)
  const problem = isLast ? errors.rest() : errors.rest('name', 'plan', 'owners', 'teams', 'budgets')
  return (
    <Page
      title="New tenant"
      about="A client with ground of their own."
      actions={<ButtonLink href="/platform">Cancel</ButtonLink>}
    >
      <div className="grid items-start gap-5 lg:grid-cols-[14rem_minmax(0,36rem)]">
        <StepList steps={steps} current={step} onGo={setStep} />
        <Card title={steps[step]}>
          <form onSubmit={submit} className="flex flex-col gap-4 p-4 sm:p-5">
            {step === 0 && <NameStep draft={draft} onChange={change} errors={errors} taken={taken} />}
            {step === 1 && <OwnerStep draft={draft} onChange={change} errors={errors} />}
            {step === 2 && <StartStep draft={draft} onChange={change} errors={errors} />}
            {isLast && <Review draft={draft} />}
            {problem !== undefined && (
              <p role="alert" className="text-bad">
                {problem}
              </p>
            )}
            <div className="flex justify-end gap-2 border-t border-line pt-4">
              {step > 0 && <Button onClick={() => setStep(step - 1)}>Back</Button>}
              <Button type="submit" kind="primary" busy={create.isPending || check.isPending}>
                {isLast ? 'Create tenant' : 'Next'}
              </Button>
            </div>
          </form>
        </Card>
      </div>
    </Page>
  )
}
