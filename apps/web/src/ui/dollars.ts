const nanosPerDollar = 1e9

/** Of a field for dollars: finer amounts would be rounded away. */
export const smallestDollars = '0.000000001'

/** The nano-USD of what was typed in dollars; null for nothing. */
export function nanosOf(text: string): number | null {
  return text.trim() === '' ? null : Math.round(Number(text) * nanosPerDollar)
}

/** An amount of nano-USD in dollars to the last digit, without a sign or separators. */
export function dollarsOf(nanos: number): string {
  return (nanos / nanosPerDollar).toFixed(9).replace(/\.?0+$/, '')
}
