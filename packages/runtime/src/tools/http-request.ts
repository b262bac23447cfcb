import { z } from 'zod'
import type { GuardedResponse } from '../egress/index.ts'
import { defineTool, ToolError } from './tool.ts'

const maxResponseBytes = 256 * 1024

const input = z.strictObject({
  url: z.string().min(1).describe('The full URL, http or https, with the query string'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  headers: z.record(z.string(), z.string()).optional(),
  body: z
    .union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())])
    .optional()
    .describe('Text, sent as it is, or a JSON object or array, sent as application/json'),
  connection: z
    .string()
    .max(63)
    .optional()
    .describe(
      'The name of a connection, whose credential is added to the request; only for the host of that connection',
    ),
})

const output = z.object({
  status: z.int(),
  url: z.string().describe('The URL that answered, after redirects'),
  headers: z.record(z.string(), z.string()),
  body: z.unknown().describe('Parsed when the answer is JSON, else text'),
  truncated: z.boolean(),
})

export const httpRequest = defineTool({
  name: 'http_request',
  description:
    'Sends an HTTP request and returns status, headers and body. Any status is an answer, 404 and 500 too. ' +
    'Private networks are closed. A body beyond 256 KiB is cut and marked as truncated.',
  input,
  output,
  risk: 'medium',
  idempotent: true,
  handler: async ({ url, method, headers, body, connection }, { fetch, openConnection, idempotencyKey, signal }) => {
    const content = body === undefined || body === '' ? undefined : body
    if (content !== undefined && (method === 'GET' || method === 'HEAD')) {
      throw new ToolError(`A ${method} request takes no body. Put the values in the query string, or use POST.`)
    }
    const send = connection === undefined ? fetch : await openConnection(connection)
    const response = await send({
      url,
      method,
      headers: requestHeaders(headers ?? {}, typeof content === 'object', idempotencyKey),
      ...(content === undefined ? {} : { body: typeof content === 'string' ? content : JSON.stringify(content) }),
      signal,
      maxResponseBytes,
    })
    return {
      status: response.status,
      url: response.url,
      headers: usefulHeaders(response.headers),
      body: readableBody(response),
      truncated: response.truncated,
    }
  },
})

function requestHeaders(given: Record<string, string>, json: boolean, idempotencyKey: string): Record<string, string> {
  const headers: Record<string, string> = json ? { 'content-type': 'application/json' } : {}
  for (const [name, value] of Object.entries(given)) headers[name.toLowerCase()] = value
  // Last, so that the model can't replace the key that makes a repeated call count once.
  headers['idempotency-key'] = idempotencyKey
  return headers
}

/** The headers that tell a model how to go on; the rest would only cost tokens. */
const usefulHeaderNames: ReadonlySet<string> = new Set([
  'content-type',
  'content-language',
  'last-modified',
  'etag',
  'location',
  'link',
  'allow',
  'retry-after',
  'www-authenticate',
  'x-request-id',
])

function usefulHeaders(headers: Record<string, string>): Record<string, string> {
  const useful = Object.entries(headers).filter(
    ([name]) => usefulHeaderNames.has(name) || /^(?:x-)?ratelimit/.test(name) || name === 'x-total-count',
  )
  return Object.fromEntries(useful)
}

function readableBody({ headers, body }: GuardedResponse): unknown {
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (/^(?:image|audio|video|font)\/(?!svg)|^application\/(?:octet-stream|pdf|zip|gzip)$/.test(mediaType)) {
    return `[${mediaType} is not shown: only text and JSON are]`
  }
  if (!/[/+]json$/.test(mediaType)) return body
  try {
    return JSON.parse(body)
  } catch {
    // Cut at the cap, empty, or not JSON after all: the text still tells the model something.
    return body
  }
}
