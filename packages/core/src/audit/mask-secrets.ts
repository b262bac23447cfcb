const masked = '[masked]'

const secretNames = /secret|password|passphrase|credential|authorization|api_?key|private_?key|token$/i

/** Wherever they stand in a text: our keys and signing secrets, the usual forms of others', and passwords in URLs. */
const secretTexts = new RegExp(
  [
    String.raw`\bfh[to]_[\w-]{20,}`,
    String.raw`\bwhsec_[\w+/=-]{8,}`,
    String.raw`\bsk-[\w-]{16,}`,
    String.raw`\bgh[a-z]_[A-Za-z0-9]{16,}`,
    String.raw`\bxox[a-z]-[A-Za-z0-9-]{10,}`,
    String.raw`\bAKIA[A-Z0-9]{16}`,
    String.raw`\beyJ[\w-]+\.[\w-]+\.[\w-]*`,
    String.raw`(?<=\bBearer )[\w.~+/=-]{8,}`,
    String.raw`(?<=:\/\/)[^\s/@]+:[^\s/@]+(?=@)`,
  ].join('|'),
  'g',
)

/**
 * A value without the secrets in it, by the names of fields and by what texts look like. Verbs hand over nothing secret
 * in the first place; this is for what people put where it doesn't belong, since an entry can't be mended later.
 */
export function maskSecrets(value: unknown, name = ''): unknown {
  const isSecret = secretNames.test(name)
  if (typeof value === 'string') return isSecret ? masked : value.replace(secretTexts, masked)
  if (Array.isArray(value)) return value.map((each) => maskSecrets(each, name))
  if (typeof value !== 'object' || value === null) return value
  // All that such a field holds is secret, whatever it is called in there.
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, maskSecrets(entry, isSecret ? name : key)]),
  )
}

/** Where a URL leads, without its user, its path and its query: many a service has its secret there. */
export function maskUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}/${masked}` : masked
}
