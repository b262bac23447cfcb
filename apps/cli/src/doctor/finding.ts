import type { Paint } from '../terminal/terminal.ts'

/** What one check found. `note` is something to know that is no fault, or a check that could not be made. */
export interface Finding {
  check: string
  result: 'ok' | 'problem' | 'note'
  detail: string
  /** What to do about it. */
  advice?: string
}

export function ok(check: string, detail: string): Finding {
  return { check, result: 'ok', detail }
}

export function problem(check: string, detail: string, advice?: string): Finding {
  return { check, result: 'problem', detail, ...(advice !== undefined && { advice }) }
}

export function note(check: string, detail: string, advice?: string): Finding {
  return { check, result: 'note', detail, ...(advice !== undefined && { advice }) }
}

export function renderFinding({ check, result, detail, advice }: Finding, paint: Paint): string {
  const mark = { ok: paint.green('✓'), problem: paint.red('✗'), note: paint.yellow('–') }[result]
  const action = advice === undefined ? '' : `  → ${advice}\n`
  return `${mark} ${check}: ${detail}\n${action}`
}
