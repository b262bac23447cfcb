export const spans = [
  { value: '1', label: 'Today' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
] as const
export type Span = (typeof spans)[number]['value']

/** So many days of the person's own zone, today as the last. */
export function querySpan(span: Span, now = new Date()): { from: string; timeZone: string } {
  const from = new Date(now.getFullYear(), now.getMonth(), now.getDate() - Number(span) + 1)
  return { from: from.toISOString(), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }
}
