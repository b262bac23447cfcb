const replacement = '[redacted]'

/** Takes a secret out of texts that may quote it. */
export interface Redactor {
  (text: string): string
  /** For a text that was cut off, maybe in the middle of the secret. */
  cut(text: string): string
}

/** Also in the spellings in which a server is likely to echo it: in JSON, in a URL, in base64, in hex. */
export function createRedactor(secret: string): Redactor {
  const spellings = [
    ...new Set([
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      // Without its padding, so that it is found with and without.
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
      Buffer.from(secret).toString('base64url'),
      Buffer.from(secret).toString('hex'),
    ]),
  ]
    .filter((spelling) => spelling !== '')
    .sort((a, b) => b.length - a.length)
  const redact = (text: string) => spellings.reduce((rest, spelling) => rest.replaceAll(spelling, replacement), text)
  const cut = (text: string) => {
    const whole = redact(text)
    const tail = Math.max(0, ...spellings.map((spelling) => tailOf(whole, spelling)))
    return tail === 0 ? whole : whole.slice(0, -tail) + replacement
  }
  return Object.assign(redact, { cut })
}

/** How much of the end of `text` is the beginning of `spelling`. */
function tailOf(text: string, spelling: string): number {
  for (let length = Math.min(text.length, spelling.length - 1); length > 0; length--) {
    if (text.endsWith(spelling.slice(0, length))) return length
  }
  return 0
}
