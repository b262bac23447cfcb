'use client'

import type { AuditVerification } from '@freehold/contracts'
import { useAct } from '../../api/use-api.ts'
import { formatNumber } from '../../ui/format.ts'
import { Notice } from '../../ui/notice.tsx'

export const useVerification = () => useAct('verifyAudit', { changes: [] })

export function VerificationNotice({ result }: { result: AuditVerification }) {
  const { ok, entries, prunedSeq, anchors, anchoredSeq, problem } = result
  if (!ok) {
    return (
      <Notice tone="bad" title="The chain is not as it was">
        {problem && `Entry ${problem.seq}: ${problem.reason}. `}
        Keep an export as evidence, and tell whoever operates the installation.
      </Notice>
    )
  }
  return (
    <Notice tone="good" title="The chain is whole">
      {formatNumber(entries)} entries follow from each other.{' '}
      {anchoredSeq === null
        ? 'No anchor is signed yet; the first one comes within minutes.'
        : `${formatNumber(anchors)} signed anchors say the same, the newest of entry ${formatNumber(anchoredSeq)}.`}
      {prunedSeq !== null && ` ${formatNumber(prunedSeq)} before them were removed, as a checkpoint says.`}
    </Notice>
  )
}
