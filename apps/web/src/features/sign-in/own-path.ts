/** Where to go after signing in: a path of this site. Whatever leads elsewhere is left out. */
export function ownPath(path: unknown): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path)) return '/'
  return URL.canParse(path, 'http://here') && new URL(path, 'http://here').host === 'here' ? path : '/'
}

/** A page that somebody goes on from to `next`. */
export function leadingTo(page: string, next: string, more: Record<string, string> = {}): string {
  const search = new URLSearchParams({ ...(next !== '/' && { next }), ...more })
  return search.size === 0 ? page : `${page}?${search}`
}
