/** Shows another conversation than the one that is open. */
type Show = (pathname: string) => void

let show: Show | undefined

/** Who shows the conversation that is open, until the function that this gives is called. */
export function onSwitch(to: Show): () => void {
  show = to
  return () => {
    if (show === to) show = undefined
  }
}

/**
 * Goes from one conversation to another at once; false where that is not what an address leads to. A navigation would leave
 * the old conversation open until the server has answered, and what is typed meanwhile would go there. `chat` is the path
 * that all of them begin with.
 */
export function switchConversation(chat: string, href: string): boolean {
  const { origin, pathname, search } = new URL(href, location.href)
  const leadsToOne = origin === location.origin && (pathname === chat || pathname.startsWith(`${chat}/`))
  if (!show || !leadsToOne) return false
  if (pathname + search !== location.pathname + location.search) {
    // Next's own hooks follow, a little later.
    window.history.pushState(null, '', pathname + search)
  }
  show(pathname)
  return true
}

/** Gives the conversation that is open the address under which it is found again. */
export function nameConversation(pathname: string): void {
  window.history.replaceState(null, '', pathname)
  show?.(pathname)
}
