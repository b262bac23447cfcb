/** An amount of nano-USD, with as many digits as tell it from nothing. */
export function formatMoney(nanos: number): string {
  const dollars = nanos / 1e9
  if (dollars !== 0 && Math.abs(dollars) < 0.01) {
    return dollars.toLocaleString('en', { style: 'currency', currency: 'USD', maximumSignificantDigits: 2 })
  }
  return dollars.toLocaleString('en', { style: 'currency', currency: 'USD' })
}

/** To the last digit that somebody set, and to the cent at least. */
export const formatExactMoney = (nanos: number): string =>
  (nanos / 1e9).toLocaleString('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 9 })

export const formatNumber = (value: number): string => value.toLocaleString('en')

/** As «12.3k», for where there is little room. */
export const formatCompact = (value: number): string =>
  value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 })

/** `share` is from 0 to 1. */
export const formatShare = (share: number): string =>
  share.toLocaleString('en', { style: 'percent', maximumFractionDigits: share > 0.995 && share < 1 ? 2 : 1 })

export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const steps = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' })

/** As «5 min. ago» or «in 2 days». */
export function formatAgo(at: Date, now: Date): string {
  let amount = (at.getTime() - now.getTime()) / 1_000
  if (Math.abs(amount) < 5) return 'just now'
  for (const [unit, size] of steps) {
    if (Math.round(Math.abs(amount)) < size) return relative.format(Math.round(amount), unit)
    amount /= size
  }
  return at.toISOString()
}

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** As «1.5 MB». */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), byteUnits.length - 1)
  return (bytes / 1_000 ** step).toLocaleString('en', {
    style: 'unit',
    unit: byteUnits[step] ?? 'byte',
    maximumFractionDigits: 1,
  })
}
