import { countDecimals, dollarDecimals } from '@freehold/contracts'
import { wrongUsage } from '../failure.ts'

export interface LimitOptions {
  limit?: string
  tokens?: string
  requests?: string
  soft?: string
}

export interface NewBudgetOptions extends LimitOptions {
  scope: string
  period: string
}

/** The limits that were given, as the interface takes them; "none" is null. */
export function readLimits({ limit, tokens, requests, soft }: LimitOptions) {
  return {
    ...(limit !== undefined && { limitNanos: readDollars(limit) }),
    ...(tokens !== undefined && { tokenLimit: readCount('--tokens', tokens) }),
    ...(requests !== undefined && { requestLimit: readCount('--requests', requests) }),
    ...(soft !== undefined && { softPercent: readCount('--soft', soft.replace(/%$/, '')) }),
  }
}

function readDollars(text: string): number | null {
  if (text === 'none') return null
  const nanos = countDecimals(text.replace(/^\$/, ''), dollarDecimals)
  if (nanos !== undefined) return nanos
  const wanted = `Give dollars, like 20 or 0.5, with ${dollarDecimals} decimals at the most, or "none".`
  throw wrongUsage(`--limit: "${text}" is no amount. ${wanted}`)
}

function readCount(option: string, text: string): number | null {
  if (text === 'none') return null
  if (!/^\d{1,15}$/.test(text)) throw wrongUsage(`${option}: "${text}" is no whole number. Give one, or "none".`)
  return Number(text)
}

/** `user` is each user, `user:alice` is Alice. */
export function readScope(text: string): { kind: string; id?: string } {
  const at = text.indexOf(':')
  return at < 0 ? { kind: text } : { kind: text.slice(0, at), id: text.slice(at + 1) }
}
