import type { UsageGroup, UsageSummary } from '@freehold/contracts'
import { dollarsOf } from '../../ui/dollars.ts'

const figures = ['runs', 'calls', 'inputTokens', 'outputTokens', 'cacheReadTokens', 'unpricedCalls'] as const

/** All groups with all figures, for a spreadsheet. */
export function usageCsv({ groupBy, items }: UsageSummary): string {
  const rows = items.map((group) => [
    group.key ?? '',
    group.name ?? '',
    dollarsOf(group.costNanos),
    ...figures.map((figure) => String(group[figure] ?? '')),
  ])
  return [[groupBy, 'name', 'costUsd', ...figures], ...rows].map((row) => `${row.map(cellOf).join(',')}\r\n`).join('')
}

/** Names come from anywhere: none is to be a formula where the file is opened. */
function cellOf(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

/** What a group is called on the page. */
export function groupName({ key, name }: UsageGroup, groupBy: UsageSummary['groupBy']): string {
  if (name !== null) return name
  if (groupBy === 'team') return key === null ? 'The tenant as a whole' : 'A team'
  if (groupBy !== 'person' || key === null) return key ?? 'Nobody'
  return actors[key.split(':')[0] ?? ''] ?? key
}

const actors: Record<string, string> = {
  person: 'Somebody',
  api_key: 'A key',
  service_account: 'A service account',
  schedule: 'A schedule',
  operator: 'The operator',
}
