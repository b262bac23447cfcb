import type { Rate } from '@freehold/contracts'
import { wrongUsage } from '../failure.ts'

export function describeRate(rate: Rate | null, none: string): string {
  if (!rate) return none
  const { requestsPerSecond, burst } = rate
  return `${requestsPerSecond} requests a second${burst === null ? '' : `, ${burst} at once`}`
}

/** Requests a second, and after a slash how many at once: `50` or `50/200`. */
export function readRate(option: string, text: string | undefined) {
  if (text === undefined || text === 'none') return null
  const [, rate, burst] = /^(\d{1,6}(?:\.\d{1,2})?)(?:\/(\d{1,8}))?$/.exec(text) ?? []
  if (rate === undefined) {
    throw wrongUsage(`${option}: "${text}" is no rate. Give requests a second, like 50, or 50/200 for 200 at once.`)
  }
  return { requestsPerSecond: Number(rate), burst: burst === undefined ? null : Number(burst) }
}

/** A whole number; null for "none" and for nothing. */
export function readQuota(option: string, text: string | undefined): number | null {
  if (text === undefined || text === 'none') return null
  if (!/^\d{1,15}$/.test(text)) throw wrongUsage(`${option}: "${text}" is no whole number. Give one, or "none".`)
  return Number(text)
}

const sizes = ['B', 'kB', 'MB', 'GB', 'TB']

/** Bytes, with a unit or without: `500MB`. */
export function readBytes(option: string, text: string | undefined): number | null {
  if (text === undefined || text === 'none') return null
  const [, number, unit = 'B'] = /^(\d{1,12})(B|kB|MB|GB|TB)?$/i.exec(text) ?? []
  if (number === undefined) throw wrongUsage(`${option}: "${text}" is no size. Give one like 500MB, or "none".`)
  const power = sizes.findIndex((size) => size.toLowerCase() === unit.toLowerCase())
  return Number(number) * 1_000 ** power
}

export function describeBytes(bytes: number): string {
  const power = Math.min(sizes.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1_000 ** power).toFixed(1))} ${sizes[power]}`
}
