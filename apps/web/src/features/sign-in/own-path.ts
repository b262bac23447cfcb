/** Those that are for somebody who is signed in. */
const pages = /^\/(t|invitations|account|platform)(\/|$)/

/** Where to go after signing in: a page of the dashboard. Whatever leads elsewhere, as to the API, is left out. */
export function ownPath(path: unknown): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])/.test(path) || !URL.canParse(path, 'http://here')) return '/'
  const { host, pathname } = new URL(path, 'http://here')
  return host === 'here' && pages.test(pathname) ? path : '/'
}

/** A page that somebody goes on from to `next`. */
export function leadingTo(page: string, next: string, more: Record<string, string> = {}): string {
  const search = new URLSearchParams({ ...(next !== '/' && { next }), ...more })
  return search.size === 0 ? page : `${page}?${search}`
}
