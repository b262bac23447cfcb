import type { InputOf } from '../../api/queries.ts'

export const periods = [
  { value: '1', label: 'Today' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
] as const
type Days = (typeof periods)[number]['value']

/** As the address says; a week where it says nothing. */
export const overviewDays = (days: string | undefined): Days =>
  periods.find(({ value }) => value === days)?.value ?? '7'

/** What the page asks the API, on the server and then again in the browser: figures, what is under way, whether there is anything. */
export function overviewAsks(days: Days) {
  return [
    ['getOverview', { query: { days } } satisfies InputOf<'getOverview'>],
    ['listRuns', { query: { status: 'running,waiting,queued', limit: 5 } } satisfies InputOf<'listRuns'>],
    ['listRuns', { query: { limit: 1 } } satisfies InputOf<'listRuns'>],
  ] as const
}

/** When a point of the series was, in the tenant's time zone. */
export function pointName(at: string, timeZone: string, days: string): string {
  const form: Intl.DateTimeFormatOptions =
    days === '1' ? { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } : { month: 'short', day: 'numeric' }
  return new Intl.DateTimeFormat('en', { timeZone, ...form }).format(new Date(at))
}
