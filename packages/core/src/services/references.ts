export type Fields = Record<string, unknown>

const maxReferences = 20

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own field of an object; undefined for anything else. */
export function read(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** What a reference within the document leads to, and anything else as it is. Undefined for one that leads nowhere. */
export function resolve(document: unknown, value: unknown): unknown {
  let found = value
  for (let count = 0; count < maxReferences; count++) {
    const reference = read(found, '$ref')
    if (typeof reference !== 'string') return found
    if (!reference.startsWith('#/')) return undefined
    found = reference
      .slice(2)
      .split('/')
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
      .reduce(read, document)
  }
  return undefined
}
