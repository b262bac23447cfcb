/** What stands behind the «?» of the address, as Next gives it. */
export type Search = Record<string, string | string[] | undefined>

export function readText(value: Search[string]): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
