/** Where to go after signing in: a path of this site. Whatever leads elsewhere is left out. */
export function ownPath(path: string | undefined): string {
  if (path === undefined || !/^\/(?![/\\])/.test(path)) return '/'
  return URL.canParse(path, 'http://here') && new URL(path, 'http://here').host === 'here' ? path : '/'
}
