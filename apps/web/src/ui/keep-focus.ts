/** Where something was that is no longer in the page. */
interface Place {
  parent: Node
  next: Node | null
  previous: Node | null
}

/** Who gives the focus back by themselves, as dialogs and menus do, have done so by then. */
const settledMs = 50
/** Dialogs over a page, and over each other. */
const layers = '[role=dialog], [role=alertdialog], [role=menu]'
const mostLayers = 5
const focusable = 'a[href], button, input, select, textarea, summary, [tabindex]'

/**
 * For who uses the keyboard: when what has the focus goes, as a deleted row does, the focus goes to what is next to it, and
 * on another page to its content. Else the next Tab would begin anywhere, and a screen reader would fall silent.
 */
export function keepFocus(): void {
  const places = new WeakMap<Node, Place>()
  // What had the focus, newest first: the last of each layer.
  let before: HTMLElement[] = []
  let pathname = location.pathname
  const note = (target: EventTarget | null) => {
    if (!(target instanceof HTMLElement) || target === document.body) return
    pathname = location.pathname
    const others = before.filter((each) => each.closest(layers) !== target.closest(layers))
    // A pointer leaves no focus that anybody follows.
    before = target.matches(':focus-visible') ? [target, ...others].slice(0, mostLayers) : []
  }
  const restore = () => {
    const [newest] = before
    if (document.activeElement !== document.body || !newest || isThere(newest)) return
    if (pathname === location.pathname) nextTo(before, places)?.focus()
    else document.getElementById('content')?.focus({ preventScroll: true })
  }
  note(document.activeElement)
  document.addEventListener('focusin', ({ target }) => note(target))
  document.addEventListener('pointerdown', () => {
    before = []
  })
  // So goes what is hidden or disabled; what is removed says nothing.
  document.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget === null) setTimeout(restore, settledMs)
  })
  new MutationObserver((records) => {
    for (const { target, removedNodes, nextSibling, previousSibling } of records) {
      const place = { parent: target, next: nextSibling, previous: previousSibling }
      for (const node of removedNodes) places.set(node, place)
    }
    if (document.activeElement === document.body) setTimeout(restore, settledMs)
  }).observe(document.body, { childList: true, subtree: true })
}

/** To the newest that went and left something behind, or the newest that is still there. */
function nextTo(before: readonly HTMLElement[], places: WeakMap<Node, Place>): HTMLElement | undefined {
  for (const element of before) {
    if (isThere(element)) return element
    const place = placeOf(element, places)
    const goal = place && stopAt(place)
    if (goal) return goal
  }
  return undefined
}

/** Of it, or of the outermost that went with it where that was in something which is still in the page. */
function placeOf(node: Node, places: WeakMap<Node, Place>): Place | undefined {
  if (node.isConnected) return { parent: node.parentNode ?? document, next: node, previous: node }
  const place = places.get(node.getRootNode())
  return place && !place.parent.isConnected ? placeOf(place.parent, places) : place
}

/** What came after it, else what was before it, as near as there is something. */
function stopAt({ parent, next, previous }: Place): HTMLElement | undefined {
  for (let around: Node | null = parent; around instanceof HTMLElement && around !== document.body; ) {
    const inside = [...around.querySelectorAll<HTMLElement>(focusable)].filter(isStop)
    const goal =
      inside.find((each) => isWithinOr(Node.DOCUMENT_POSITION_FOLLOWING, each, next)) ??
      inside.findLast((each) => isWithinOr(Node.DOCUMENT_POSITION_PRECEDING, each, previous)) ??
      inside[0]
    if (goal) return goal
    if (around.id === 'content') return around
    around = around.parentNode
  }
  return undefined
}

const isThere = (element: HTMLElement): boolean => !element.matches(':disabled') && element.checkVisibility()
const isStop = (element: HTMLElement): boolean => element.tabIndex >= 0 && isThere(element)

function isWithinOr(side: number, element: HTMLElement, node: Node | null): boolean {
  return node?.isConnected === true && (node.contains(element) || (node.compareDocumentPosition(element) & side) !== 0)
}
