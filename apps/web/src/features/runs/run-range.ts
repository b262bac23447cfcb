/** Which stretch of time a list of runs shows, as it stands in the address. Days are those of the person. */
export interface RunRange {
  range?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

export const ranges = [
  { value: 'any', label: 'Any time' },
  { value: '1', label: 'Today' },
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: 'custom', label: 'From … to …' },
] as const

/** The moments between which runs were accepted; the last day counts as a whole. */
export function momentsOf({ range, from, to }: RunRange, now = new Date()): { from?: string; to?: string } {
  if (range === 'custom') {
    const [start, end] = [dayStart(from), dayStart(to, 1)]
    return { ...(start && { from: start.toISOString() }), ...(end && { to: end.toISOString() }) }
  }
  const days = Number(range)
  if (range === undefined || !Number.isInteger(days) || days < 1) return {}
  return { from: new Date(now.getFullYear(), now.getMonth(), now.getDate() - days + 1).toISOString() }
}

function dayStart(day: string | undefined, later = 0): Date | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day ?? '') ?? []
  return date === undefined ? undefined : new Date(Number(year), Number(month) - 1, Number(date) + later)
}
