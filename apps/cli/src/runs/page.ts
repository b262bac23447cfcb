import { truncate } from '../terminal/format.ts'
import type { Terminal } from '../terminal/terminal.ts'

const eraseLine = '\r\u001B[2K'

type Printer = Pick<Terminal, 'write' | 'columns' | 'paint'>

/** Where on the page the last write ended. */
type Position = 'top' | 'after line' | 'in text' | 'after text'

/**
 * Lays out lines and running text: each begins where it should, with an empty line between the two kinds. On a
 * terminal there is a status line at the bottom, which the next write replaces.
 */
export class Page {
  private readonly terminal: Printer
  private position: Position = 'top'
  private hasStatus = false

  constructor(terminal: Printer) {
    this.terminal = terminal
  }

  line(text: string): void {
    const before = { top: '', 'after line': '', 'in text': '\n\n', 'after text': '\n' }[this.position]
    this.put(`${before}${text}\n`)
    this.position = 'after line'
  }

  text(text: string): void {
    if (text === '') return
    this.put(`${this.position === 'after line' ? '\n' : ''}${text}`)
    this.position = text.endsWith('\n') ? 'after text' : 'in text'
  }

  /** What is going on now; undefined for nothing. Only between lines: it would break a text. */
  status(text: string | undefined): void {
    const { columns, paint } = this.terminal
    if (columns === undefined || this.position === 'in text') return
    if (text === undefined) this.put('')
    else {
      this.put(paint.dim(truncate(text, columns - 1)))
      this.hasStatus = true
    }
  }

  private put(text: string): void {
    const erased = this.hasStatus ? eraseLine : ''
    this.hasStatus = false
    if (erased + text !== '') this.terminal.write(erased + text)
  }
}
