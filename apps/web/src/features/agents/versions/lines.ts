import { diffLines, diffWordsWithSpace } from 'diff'

/** A part of a line; `changed` where it has no counterpart on the other side. */
interface Piece {
  text: string
  changed: boolean
}

export interface Line {
  number: number
  pieces: Piece[]
}

/** One row of two texts side by side. A side is missing where the other has a line that it has not. */
export interface Row {
  left: Line | undefined
  right: Line | undefined
}

/** Two texts line by line; within lines that stand against each other, what differs is marked. */
export function compareLines(from: string, to: string): Row[] {
  const rows: Row[] = []
  let [left, right] = [0, 0]
  const flush = (removed: string[], added: string[]) => {
    for (let at = 0; at < Math.max(removed.length, added.length); at++) {
      rows.push(pairOf(removed[at], added[at], { left: left + at + 1, right: right + at + 1 }))
    }
    left += removed.length
    right += added.length
  }
  let removed: string[] = []
  for (const part of diffLines(endLine(from), endLine(to))) {
    const lines = part.value.replace(/\n$/, '').split('\n')
    if (part.removed) {
      removed = lines
      continue
    }
    flush(removed, part.added ? lines : [])
    removed = []
    if (part.added) continue
    for (const text of lines) {
      const pieces = [{ text, changed: false }]
      rows.push({ left: { number: ++left, pieces }, right: { number: ++right, pieces } })
    }
  }
  flush(removed, [])
  return rows
}

function endLine(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

function pairOf(removed: string | undefined, added: string | undefined, at: { left: number; right: number }): Row {
  const whole = (text: string): Piece[] => [{ text, changed: true }]
  if (removed === undefined || added === undefined) {
    return {
      left: removed === undefined ? undefined : { number: at.left, pieces: whole(removed) },
      right: added === undefined ? undefined : { number: at.right, pieces: whole(added) },
    }
  }
  const words = diffWordsWithSpace(removed, added)
  const side = (other: 'added' | 'removed'): Piece[] =>
    words
      .filter((word) => !word[other])
      .map(({ value, added: isNew, removed: isGone }) => ({ text: value, changed: isNew || isGone }))
  return { left: { number: at.left, pieces: side('added') }, right: { number: at.right, pieces: side('removed') } }
}

/** Where so many lines in a row are alike, they are folded but for those next to a change. */
const context = 3

export type Shown = Row | { folded: number }

/** The rows that a reader needs: the changes, and what stands around them. */
export function foldAlike(rows: readonly Row[]): Shown[] {
  const isChanged = ({ left, right }: Row) => left?.pieces !== right?.pieces
  const near = rows.map((_, at) => rows.slice(Math.max(0, at - context), at + context + 1).some(isChanged))
  const shown: Shown[] = []
  let folded = 0
  rows.forEach((row, at) => {
    if (!near[at]) {
      folded += 1
      return
    }
    if (folded > 0) shown.push({ folded })
    folded = 0
    shown.push(row)
  })
  if (folded > 0) shown.push({ folded })
  return shown
}
