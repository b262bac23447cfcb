import type { TextDelta } from '@freehold/contracts'
import { printable } from '../terminal/format.ts'
import type { Page } from './page.ts'

/**
 * Prints what models say while they say it, each letter once. One step's text streams at a time; the text of others
 * that run beside it, and what a broken connection missed, is printed when their step finishes. Text that begins anew
 * is an attempt that was repeated, so it is announced and printed again.
 */
export class LiveText {
  private readonly page: Page
  private readonly announce: (words: string) => void
  private step: string | undefined
  /** Of the step's text, from its beginning. */
  private received = ''
  /** The first half of a surrogate pair, which can't be printed alone. */
  private held = ''
  private lastText: string | undefined

  constructor(page: Page, announce: (words: string) => void) {
    this.page = page
    this.announce = announce
  }

  add({ step, offset, delta }: TextDelta): void {
    this.step ??= step
    if (step !== this.step) return
    if (offset === 0 && this.received !== '' && !delta.startsWith(this.received)) this.restart()
    // A gap is closed when the step finishes.
    if (offset <= this.received.length) this.print(delta.slice(this.received.length - offset))
  }

  finish(step: string, text: string): void {
    this.lastText = text
    if (this.received !== '' && (step !== this.step || !text.startsWith(this.received))) this.restart()
    if (step === this.step) {
      this.print(text.slice(this.received.length))
      this.step = undefined
      this.received = ''
    } else {
      this.page.text(printable(text))
    }
  }

  /** A run's output is mostly what its model said last, which is on the page already. */
  showOutput(output: unknown): void {
    if (output === null || output === this.lastText) return
    this.page.text(printable(typeof output === 'string' ? output : JSON.stringify(output, null, 2)))
  }

  /** What is on the page is void: of this step by a repeated attempt, or torn apart by another step's text. */
  private restart(): void {
    this.announce('the model begins again')
    this.received = ''
    this.held = ''
  }

  private print(text: string): void {
    const [whole = '', half = ''] = splitHalf(this.held + text)
    this.received += text
    this.held = half
    this.page.text(printable(whole))
  }
}

function splitHalf(text: string): [whole: string, half: string] {
  return /[\uD800-\uDBFF]$/.test(text) ? [text.slice(0, -1), text.slice(-1)] : [text, '']
}
