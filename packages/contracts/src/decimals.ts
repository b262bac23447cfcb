/** The places of a dollar behind the point: what is smaller than a nano-dollar can't be counted. */
export const dollarDecimals = 9

/** The places of a price in dollars per million tokens: a thousandth is one nano-dollar per token. */
export const priceDecimals = 3

/**
 * How many of its last place a decimal number as people write it comes to, such as nano-dollars for dollars with nine places.
 * Undefined for what is no such number, has more places, or is more than can be counted exactly: never rounded.
 */
export function countDecimals(text: string, decimals: number): number | undefined {
  const [, whole, fraction = ''] = /^(\d{1,15})(?:\.(\d+))?$/.exec(text.trim()) ?? []
  const rest = fraction.replace(/0+$/, '')
  if (whole === undefined || rest.length > decimals) return undefined
  const count = Number(whole + rest.padEnd(decimals, '0'))
  return Number.isSafeInteger(count) ? count : undefined
}
