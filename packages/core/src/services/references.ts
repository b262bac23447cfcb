export type Fields = Record<string, unknown>

const maxReferences = 20

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An own field of an object; undefined for anything else. */
export function read(value: unknown, name: string): unknown {
  return isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** The texts of a list; none for anything else. */
export function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** What a reference within the document leads to, and anything else as it is. Undefined for one that leads nowhere. */
export function resolve(document: unknown, value: unknown): unknown {
  let found = value
  for (let count = 0; count < maxReferences; count++) {
    const reference = read(found, '$ref')
    if (!isFields(found) || typeof reference !== 'string') return found
    found = follow(document, found, reference)
  }
  return undefined
}

/** By document and by what holds the reference: each is followed once, however long it is and however often it is met. */
const followed = new WeakMap<object, WeakMap<object, unknown>>()

function follow(document: unknown, holder: object, reference: string): unknown {
  if (!isFields(document) || !reference.startsWith('#/')) return undefined
  const known = followed.get(document) ?? new WeakMap<object, unknown>()
  followed.set(document, known)
  if (!known.has(holder)) known.set(holder, find(document, reference))
  return known.get(holder)
}

/** RFC 6901, section 6: a JSON Pointer in a fragment of a URI is percent-encoded. */
function find(document: unknown, reference: string): unknown {
  return decode(reference)
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce(read, document)
}

function decode(reference: string): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    return reference
  }
}
