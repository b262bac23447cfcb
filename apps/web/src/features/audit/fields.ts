export interface FieldChange {
  /** Dotted, such as `limits.maxSteps`. */
  field: string
  before: string | undefined
  after: string | undefined
}

/** The fields in which two values differ; one of them is absent for what was made or is gone. */
export function changedFields(before: unknown, after: unknown): FieldChange[] {
  const [left, right] = [flatten(before), flatten(after)]
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((field) => ({ field, before: left.get(field), after: right.get(field) }))
    .filter((change) => change.before !== change.after)
}

function flatten(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !isShortList(value)) {
    for (const [name, part] of Object.entries(value)) flatten(part, path === '' ? name : `${path}.${name}`, into)
  } else if (path !== '' || (value !== null && value !== undefined)) {
    into.set(path || 'value', textOf(value))
  }
  return into
}

function textOf(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none'
  return Array.isArray(value) ? value.join(', ') : String(value)
}

/** One of roles or names is read as a whole. */
function isShortList(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object')
}
