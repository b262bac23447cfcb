const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** Text from elsewhere, without the control characters by which it could steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(/(?![\n\t])\p{Cc}/gu, '\uFFFD')
}

/** Any value on one line: a string as it is, the only field of an object by itself, else JSON. */
export function oneLine(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(unwrap(value)) ?? '')
  return printable(text.replace(/\s+/g, ' ').trim())
}

/** `{ result: 397.8 }` reads better as `397.8`. */
function unwrap(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const values = Object.values(value)
  return values.length === 1 && typeof values[0] !== 'object' ? values[0] : value
}

export function truncate(text: string, width: number): string {
  if (text.length <= width) return text
  const letters = [...text]
  if (letters.length <= width) return text
  return width <= 1 ? '…' : `${letters.slice(0, width - 1).join('')}…`
}

/** Nano-USD as dollars, with the digits that matter. */
export function formatCost(costNanos: number | null): string {
  if (costNanos === null) return 'unknown'
  if (costNanos === 0) return '$0'
  if (costNanos >= 999_950_000) {
    const cents = Math.round(costNanos / 1e7)
    return `$${formatCount(Math.floor(cents / 100))}.${String(cents % 100).padStart(2, '0')}`
  }
  const dollars = costNanos / 1e9
  const decimals = Math.min(9, Math.max(4, Math.ceil(-Math.log10(dollars)) + 1))
  return `$${dollars.toFixed(decimals).replace(/0+$/, '')}`
}

export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function formatDuration(durationMs: number): string {
  const ms = Math.round(durationMs)
  if (ms < 1000) return `${ms} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** How long ago, in the largest unit. */
export function formatAge(at: string, nowMs: number): string {
  const ageMs = Math.max(0, nowMs - Date.parse(at))
  if (ageMs < minuteMs) return `${Math.floor(ageMs / 1000)}s`
  if (ageMs < hourMs) return `${Math.floor(ageMs / minuteMs)}m`
  if (ageMs < 2 * dayMs) return `${Math.floor(ageMs / hourMs)}h`
  return `${Math.floor(ageMs / dayMs)}d`
}

export function formatTime(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** `90m`, `12h`, `30d` or a point in time, as a point in time. Undefined when it is neither. */
export function readExpiry(text: string, nowMs: number): string | undefined {
  const [, amount, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) {
    const unitMs = unit === 'm' ? minuteMs : unit === 'h' ? hourMs : dayMs
    return new Date(nowMs + Number(amount) * unitMs).toISOString()
  }
  const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** The hosts that a tenant's tools may reach. */
export function describeHosts(hosts: readonly string[] | null): string {
  return hosts === null ? 'every public host' : hosts.join(', ') || 'none'
}
