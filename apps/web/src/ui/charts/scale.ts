const mostLines = 4

/** Round values from 0 on for the lines across a chart of whole numbers; the last is its top. */
export function scaleTo(max: number): { lines: readonly number[]; top: number } {
  if (max <= 0) return { lines: [0], top: 1 }
  const rough = max / (mostLines - 1)
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(1, magnitude * ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10))
  const lines = Array.from({ length: Math.ceil(max / step) + 1 }, (_, index) => index * step)
  return { lines, top: step * (lines.length - 1) }
}

/** Which points get their name below the chart, so that names stay apart. */
export function namedPoints(count: number, most: number): readonly number[] {
  const every = Math.ceil(count / most)
  return Array.from({ length: Math.ceil(count / every) }, (_, index) => index * every)
}
