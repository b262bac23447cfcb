import type { Tenant, TenantRole } from '@freehold/contracts'
import { priceDecimals } from '@freehold/contracts/browser'
import type { FieldErrors } from '../../ui/field-errors.ts'

/** What the form holds. Figures are as they are typed. */
export interface Draft {
  timeZone: string
  reach: 'public' | 'listed'
  hosts: string
  approvals: 'nobody' | 'people'
  approvers: string
  approverRole: TenantRole | 'any'
  price: 'refused' | 'assumed'
  /** US dollars per million tokens, in which prices are published. */
  inputPrice: string
  outputPrice: string
}

/** What a part of the form works with. */
export interface DraftFieldsProps {
  draft: Draft
  onChange: (changed: Partial<Draft>) => void
  errors: FieldErrors
}

/** Nano-dollars per token are dollars per million tokens, times a thousand. */
const nanosPerDollarAMillion = 10 ** priceDecimals

export function draftOf({ timeZone, allowedHosts, productionApprovals, assumedPrice }: Tenant): Draft {
  const dollars = (nanos: number | undefined) => (nanos === undefined ? '' : String(nanos / nanosPerDollarAMillion))
  return {
    timeZone,
    reach: allowedHosts === null ? 'public' : 'listed',
    hosts: allowedHosts?.join('\n') ?? '',
    approvals: productionApprovals === null ? 'nobody' : 'people',
    approvers: String(productionApprovals?.required ?? 1),
    approverRole: productionApprovals?.role ?? 'any',
    price: assumedPrice === null ? 'refused' : 'assumed',
    inputPrice: dollars(assumedPrice?.inputNanosPerToken),
    outputPrice: dollars(assumedPrice?.outputNanosPerToken),
  }
}

export function bodyOf(draft: Draft) {
  const nanos = (dollars: string) => Math.round(Number(dollars) * nanosPerDollarAMillion)
  const { timeZone, approverRole } = draft
  return {
    timeZone,
    allowedHosts: draft.reach === 'public' ? null : draft.hosts.split(/[\s,]+/).filter((host) => host !== ''),
    productionApprovals:
      draft.approvals === 'nobody'
        ? null
        : { required: Number(draft.approvers), role: approverRole === 'any' ? null : approverRole },
    assumedPrice:
      draft.price === 'refused'
        ? null
        : { inputNanosPerToken: nanos(draft.inputPrice), outputNanosPerToken: nanos(draft.outputPrice) },
  }
}
