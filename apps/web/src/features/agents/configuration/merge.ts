/** What was changed from `base` to `mine`, made to `theirs`: where both changed the same, mine counts. */
export function merge<T>(base: T, mine: T, theirs: T): T {
  // Each part comes out as one of the three, so the whole is of their type.
  return mergeParts(base, mine, theirs) as T
}

function mergeParts(base: unknown, mine: unknown, theirs: unknown): unknown {
  if (isNames(base) && isNames(mine) && isNames(theirs)) {
    const kept = theirs.filter((name) => mine.includes(name) || !base.includes(name))
    return [...kept, ...mine.filter((name) => !base.includes(name) && !theirs.includes(name))]
  }
  if (isRecord(base) && isRecord(mine) && isRecord(theirs)) {
    const names = new Set([...Object.keys(theirs), ...Object.keys(mine)])
    const parts = [...names].map((name) => [name, mergeParts(base[name], mine[name], theirs[name])] as const)
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined))
  }
  return JSON.stringify(base) === JSON.stringify(mine) ? theirs : mine
}

function isNames(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
