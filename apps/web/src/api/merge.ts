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
  if (isParts(base) && isParts(mine) && isParts(theirs)) {
    const names = new Set([...Object.keys(theirs), ...Object.keys(mine)])
    const parts = [...names].map((name) => [name, mergeParts(base[name], mine[name], theirs[name])] as const)
    return Object.fromEntries(parts.filter(([, part]) => part !== undefined))
  }
  return isAlike(base, mine) ? theirs : mine
}

/** What of `after` is not as `before`, for an operation that leaves the rest alone; undefined where there is nothing. */
export function changesOf<T extends object>(before: T, after: T): Partial<T> | undefined {
  const known = new Map<string, unknown>(Object.entries(before))
  const changed = Object.entries(after).filter(([name, value]) => !isAlike(known.get(name), value))
  return changed.length === 0 ? undefined : (Object.fromEntries(changed) as Partial<T>)
}

function isAlike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string')
}

/** What is of a kind stays whole: the fields of one kind mean nothing to another. */
function isParts(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('kind' in value)
}
