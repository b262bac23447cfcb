'use client'

import type { UsageSummary } from '@freehold/contracts'
import { Download } from 'lucide-react'
import { Button } from '../../ui/button.tsx'
import { saveFile } from '../../ui/save-file.ts'
import { usageCsv } from './usage-csv.ts'

export function ExportUsage({ usage }: { usage: UsageSummary }) {
  const { groupBy, from, to } = usage
  const name = `usage-by-${groupBy}-${from.slice(0, 10)}-to-${to.slice(0, 10)}.csv`
  return (
    <Button
      size="small"
      aria-label={`Export CSV by ${groupBy}`}
      onClick={() => saveFile(name, 'text/csv', [usageCsv(usage)])}
    >
      <Download /> CSV
    </Button>
  )
}
