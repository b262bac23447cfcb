import type { Keyboard, Locator, Page } from '@playwright/test'
import { expect } from './dashboard.fixture.ts'

/** More looks than this at where the focus is, on the way to one element, mean that it goes round in circles. */
const mostLooks = 30
/** What a page may take to bring the focus to where it goes on, after something that has it is gone. */
const keptWithinMs = 5_000
/** More than any page has. */
const mostStops = 300
/** What can have the focus. */
const focusable = 'a[href], button, input, select, textarea, summary, [tabindex]'

/**
 * Brings the focus to something as who has no mouse does: by Tab, and by arrows inside of tabs, menus and trees. What can't
 * be got at, shows no focus, lies under something else, or was to be begun from nowhere, fails.
 */
export async function reach(target: Locator): Promise<void> {
  await target.waitFor()
  await expect(target).toBeEnabled()
  const { keyboard } = target.page()
  await expectFocusKept(target.page())
  const trail: string[] = []
  for (let looks = 0; ; looks++) {
    const way = await target.evaluate(wayTo, focusable)
    if (way.presses === 0) break
    trail.push(way.from)
    if (looks === mostLooks) throw new Error(`no key leads to ${target}. The focus was at ${trail.join(', ')}`)
    await hold(keyboard, way.key, way.presses)
  }
  const fault = async () => (await target.evaluate(lookAtFocus)).fault
  await expect.poll(fault, { message: `the focus on ${target}` }).toBe('none')
}

/** A key, perhaps after a modifier, until it has acted so often: each time for itself it would take two frames. */
async function hold(keyboard: Keyboard, keys: string, times: number): Promise<void> {
  const held = keys.split('+')
  const key = held.pop() ?? ''
  for (const modifier of held) await keyboard.down(modifier)
  await Promise.all(Array.from({ length: times }, () => keyboard.down(key)))
  for (const each of [key, ...held]) await keyboard.up(each)
}

/** Does what a click does: Enter on a button, a link or an entry, Space on a box or a switch. */
export async function press(target: Locator): Promise<void> {
  await reach(target)
  const isBox = await target.evaluate((element) => element.matches('[type=checkbox], [type=radio], [role=switch]'))
  await target.page().keyboard.press(isBox ? 'Space' : 'Enter')
}

/** Puts a text in place of what is in a field. */
export async function write(field: Locator, text: string): Promise<void> {
  await reach(field)
  const { keyboard } = field.page()
  await keyboard.press('Control+A')
  if (text === '') await keyboard.press('Delete')
  else await keyboard.insertText(text)
}

/** Chooses an option by the letters that it begins with. */
export async function choose(select: Locator, option: string): Promise<void> {
  await select.locator('option', { hasText: option }).first().waitFor({ state: 'attached' })
  await reach(select)
  await select.page().keyboard.type(await select.evaluate(lettersFor, option))
  await expect(select.locator('option:checked')).toHaveText(option)
}

/** By Tab from the beginning of a page to its end: whatever can have the focus gets it, and is seen to have it. */
export async function walkThrough(page: Page): Promise<void> {
  const faults: string[] = []
  for (let left = mostStops; left > 0; left--) {
    await page.keyboard.down('Tab')
    const { at, isNew, fault } = await page.evaluate(lookAtFocus, undefined)
    if (!isNew) break
    if (fault !== 'none') faults.push(`the focus on ${at} ${fault}`)
  }
  await page.keyboard.up('Tab')
  expect([...faults, ...(await page.evaluate(passedBy, focusable))], page.url()).toEqual([])
}

/** After the last step something has the focus, unless that led to another page. */
async function expectFocusKept(page: Page): Promise<void> {
  const lost = () => page.evaluate(lostFocus)
  await expect.poll(lost, { message: 'what was done last lost the focus', timeout: keptWithinMs }).toBe('nothing')
}

// What follows runs in the page, so that each stands alone.

/** Which key leads on to an element, how often, and where the focus is now. */
function wayTo(target: Element, focusable: string): { key: string; presses: number; from: string } {
  const active = document.activeElement ?? document.body
  const current = document.getElementById(active.getAttribute('aria-activedescendant') ?? '') ?? active
  const name = current.getAttribute('aria-label') ?? current.textContent ?? ''
  const from = `${current.tagName.toLowerCase()} “${name.trim().slice(0, 40)}”`
  if (current === target) return { key: '', presses: 0, from }
  const isBehind = Boolean(current.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING)
  const widget = target.closest('[role=tablist], [role=menu], [role=tree]')
  if (widget?.contains(active)) {
    const [back, on] = widget.matches('[role=tablist]') ? ['ArrowLeft', 'ArrowRight'] : ['ArrowUp', 'ArrowDown']
    return { key: isBehind ? back : on, presses: 1, from }
  }
  const stops = [...document.querySelectorAll<HTMLElement>(focusable)].filter(
    (each) => each.tabIndex >= 0 && !each.matches(':disabled') && each.checkVisibility(),
  )
  const goal = stops.findIndex((each) => each === target || (widget?.contains(each) ?? false))
  const at = stops.findLastIndex(
    (each) => each === active || active.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_PRECEDING,
  )
  // From the page itself, its end is as near as its beginning.
  const back = { key: 'Shift+Tab', presses: active === document.body ? stops.length - goal : at - goal }
  const [nearest] = [{ key: 'Tab', presses: goal - at }, back]
    .filter(({ presses }) => goal !== -1 && presses > 0)
    .sort((one, other) => one.presses - other.presses)
  return { ...(nearest ?? { key: isBehind ? 'Shift+Tab' : 'Tab', presses: 1 }), from }
}

/**
 * What keeps somebody from seeing that an element has the focus, and whether that comes to it for the first time. Notes that
 * something is done there next.
 */
function lookAtFocus(given?: Element | null): { at: string; isNew: boolean; fault: string } {
  const active = document.activeElement ?? document.body
  const target = given ?? active
  const seen: Element[] = Reflect.get(window, 'seen') ?? []
  const isNew = active === document.body || !seen.includes(active) || seen.at(-1) === active
  const at = `${active.tagName.toLowerCase()} “${(active.ariaLabel ?? active.textContent ?? '').trim().slice(0, 40)}”`
  Reflect.set(window, 'seen', [...seen, active])
  Reflect.set(window, 'lastDone', { path: location.pathname, at })
  // A pointer leaves no focus that anybody follows.
  addEventListener('pointerdown', () => Reflect.deleteProperty(window, 'lastDone'), { once: true })
  const faultOf = () => {
    if (target === document.body) return 'none'
    const { outlineStyle } = getComputedStyle(active)
    const hasCaret = target.matches('textarea, input:not([type=checkbox], [type=radio], [type=color])')
    const isMarked = outlineStyle !== 'none' || target.matches('[data-highlighted]')
    if (!hasCaret && !isMarked) return 'can’t be seen'
    const box = [...target.getClientRects()].find(({ width, height }) => width > 0 && height > 0)
    if (!box) return 'is on nothing'
    const middle = (from: number, to: number, most: number) => (Math.max(0, from) + Math.min(to, most)) / 2
    const [x, y] = [middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight)]
    const hit = document.elementFromPoint(x, y)
    // A notice goes by itself.
    if (hit?.closest('[data-notice]')) return 'none'
    const isAround = hit?.contains(target) === true && hit !== document.body && hit !== document.documentElement
    return target.contains(hit) || isAround ? 'none' : `lies under ${hit?.outerHTML.slice(0, 200)}`
  }
  return { at, isNew, fault: faultOf() }
}

/** What could have had the focus, and was left out. */
function passedBy(focusable: string): string[] {
  const seen: Element[] = Reflect.get(window, 'seen') ?? []
  return [...document.querySelectorAll<HTMLElement>(focusable)]
    .filter(
      (each) => each.tabIndex >= 0 && !each.matches(':disabled') && each.checkVisibility() && !seen.includes(each),
    )
    .map((each) => `no Tab led to ${each.outerHTML.slice(0, 200)}`)
}

/** What was done last, if the page is the same and nothing in it has the focus any more. */
function lostFocus(): string {
  const last: { path: string; at: string } | undefined = Reflect.get(window, 'lastDone')
  const isLost = document.activeElement === document.body && last?.path === location.pathname
  return isLost ? last.at : 'nothing'
}

/** As many letters of an option as no other one begins with. */
function lettersFor(select: Element, wanted: string): string {
  const labels = [...select.querySelectorAll('option')].map(({ label }) => label)
  const isOnlyOne = (letters: string) => labels.filter((label) => label.startsWith(letters)).length === 1
  for (let length = 1; length < wanted.length; length++) {
    if (isOnlyOne(wanted.slice(0, length))) return wanted.slice(0, length)
  }
  return wanted
}
