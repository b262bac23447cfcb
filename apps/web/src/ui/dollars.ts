import { dollarDecimals } from '@freehold/contracts/browser'

const nanosPerDollar = 10 ** dollarDecimals

/** Of a field for dollars: finer amounts would be rounded away. */
export const smallestDollars = 10 ** -dollarDecimals

/** Of a field for dollars: more nano-USD can't be counted one by one. */
export const mostDollars = Math.floor(Number.MAX_SAFE_INTEGER / nanosPerDollar)

/** The nano-USD of what was typed in dollars; null for nothing. */
export function nanosOf(text: string): number | null {
  return text.trim() === '' ? null : Math.round(Number(text) * nanosPerDollar)
}

/** An amount of nano-USD in dollars to the last digit, without a sign or separators. */
export function dollarsOf(nanos: number): string {
  return (nanos / nanosPerDollar).toFixed(9).replace(/\.?0+$/, '')
}
