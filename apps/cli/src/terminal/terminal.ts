import pc from 'picocolors'

export type Paint = ReturnType<typeof pc.createColors>

/** Where a command prints and reads. */
export interface Terminal {
  write(text: string): void
  /** A line to the side: what went wrong, or what the result itself must not hold. */
  note(line: string): void
  readInput(): Promise<string>
  /** Asks a yes-or-no question; undefined when nobody sits at the terminal. */
  confirm: ((question: string) => Promise<boolean>) | undefined
  /** Asks for a text that is not shown while it is typed; undefined when nobody sits at the terminal. */
  askHidden: ((question: string) => Promise<string>) | undefined
  /** Undefined when the output is no terminal, so nothing has to fit. */
  columns: number | undefined
  paint: Paint
}

export function createPaint(colors: boolean): Paint {
  return pc.createColors(colors)
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.write(`${JSON.stringify(value, null, 2)}\n`)
}
