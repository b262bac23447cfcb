type ImageType = 'image/png' | 'image/jpeg' | 'image/webp'

/** What the bytes are, whatever somebody calls them; undefined for none of these, SVG among it: it can hold scripts. */
export function imageTypeOf(bytes: Uint8Array): ImageType | undefined {
  const at = (start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString('latin1')
  // The signature, and the header chunk that has to follow it (ISO/IEC 15948, section 5.2).
  if (at(0, 8) === '\x89PNG\r\n\x1a\n' && at(12, 16) === 'IHDR') return 'image/png'
  // Start of image, and the marker of a segment.
  if (at(0, 3) === '\xff\xd8\xff' && bytes.length > 4) return 'image/jpeg'
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP' && /^VP8[ LX]$/.test(at(12, 16))) return 'image/webp'
  return undefined
}
