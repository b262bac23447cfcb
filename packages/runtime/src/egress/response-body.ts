import { pipeline, type Readable, type Transform } from 'node:stream'
import { TextDecoder } from 'node:util'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { EgressError } from './egress-error.ts'

export const acceptedEncodings = 'gzip, br'

/**
 * Reads a body as text, up to `maxBytes` of it as decompressed. Decompression runs a chunk at a time and stops at the cap,
 * so a small body that unpacks to a huge one costs no more than the cap.
 */
export async function readBody(
  body: Readable,
  headers: Record<string, string>,
  maxBytes: number,
): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of decompressed(body, headers)) {
    chunks.push(chunk)
    total += chunk.length
    if (total > maxBytes) break
  }
  const truncated = total > maxBytes
  const bytes = Buffer.concat(chunks).subarray(0, maxBytes)
  // `stream` leaves out a character that the cut split.
  return { body: textDecoder(headers['content-type']).decode(bytes, { stream: truncated }), truncated }
}

function decompressed(body: Readable, headers: Record<string, string>): AsyncIterable<Buffer> {
  // Some servers name an encoding for an empty body, which no decoder takes.
  if (headers['content-length'] === '0') return body
  const decoder = decoderFor(headers['content-encoding']?.trim().toLowerCase())
  if (decoder === null) return body
  // Its errors reach the reader through `decoder`, which `pipeline` destroys with them.
  pipeline(body, decoder, () => {})
  return decoder
}

function decoderFor(encoding: string | undefined): Transform | null {
  switch (encoding) {
    case undefined:
    case '':
    case 'identity':
      return null
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default:
      throw new EgressError('unreachable', "The answer is compressed in a way that can't be read.")
  }
}

function textDecoder(contentType: string | undefined): TextDecoder {
  const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1]
  try {
    return new TextDecoder(charset ?? 'utf-8')
  } catch {
    return new TextDecoder('utf-8')
  }
}
