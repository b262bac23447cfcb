import { FreeholdError } from '@freehold/contracts'
import { isStorable } from '../http/storable.ts'

/** Reads a JSON body. An empty one counts as `{}`. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get('content-type') ?? ''
  const text = decode(await request.arrayBuffer())
  if (text === '') return {}
  if (!/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    throw new FreeholdError('unsupported_media_type', 'Send the body as JSON, with "Content-Type: application/json".')
  }
  try {
    const body: unknown = JSON.parse(text)
    if (isStorable(body)) return body
  } catch (error) {
    if (error instanceof RangeError) throw new FreeholdError('invalid_request', 'body: is nested too deeply')
    throw new FreeholdError('invalid_request', `body: is not valid JSON${placeOf(error)}`)
  }
  throw new FreeholdError('invalid_request', 'body: holds a NUL character or half a surrogate pair; remove it')
}

function decode(body: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    throw new FreeholdError('invalid_request', 'body: is not valid UTF-8', { cause: error })
  }
}

/** The parser's own words quote the text, which may be a secret. */
function placeOf(error: unknown): string {
  const [place] = (error instanceof Error && / at position \d+/.exec(error.message)) || ['']
  return place
}
