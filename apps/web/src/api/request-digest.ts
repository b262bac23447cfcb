const prefix = 'request:'

/** Carries the id of the request that failed while a page was made to whoever looks at it. */
export function requestDigest(requestId: string): string {
  return `${prefix}${requestId}`
}

export function requestOfDigest(digest: unknown): string | undefined {
  return typeof digest === 'string' && digest.startsWith(prefix) ? digest.slice(prefix.length) : undefined
}
