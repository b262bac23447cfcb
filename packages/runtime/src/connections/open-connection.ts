import { FreeholdError } from '@freehold/contracts'
import type { HttpCredential } from '@freehold/core'
import type { GuardedFetch, GuardedRequest, GuardedResponse } from '../egress/index.ts'
import { ToolError } from '../tools/index.ts'
import { createRedactor, type Redactor } from './redact.ts'

/** `fetch` with the credential of a connection: for its origin only, and with the value taken out of every answer. */
export async function openConnection(
  fetch: GuardedFetch,
  name: string,
  read: (name: string) => Promise<HttpCredential | undefined>,
): Promise<GuardedFetch> {
  const credential = await readOrRefuse(name, read)
  const redact = createRedactor(credential.value)
  return async (request) => {
    if (URL.parse(request.url)?.origin !== credential.origin) {
      throw new ToolError(`The connection "${name}" is for ${credential.origin} only.`)
    }
    return withoutValue(await fetch(withCredential(request, credential)), redact)
  }
}

async function readOrRefuse(
  name: string,
  read: (name: string) => Promise<HttpCredential | undefined>,
): Promise<HttpCredential> {
  const credential = await read(name).catch((error: unknown) => {
    throw error instanceof FreeholdError ? new ToolError(error.message, { cause: error }) : error
  })
  if (credential) return credential
  throw new ToolError(`There is no connection "${name}" for HTTP. Use the name that you were given, or none.`)
}

function withCredential(request: GuardedRequest, { header, prefix, value }: HttpCredential): GuardedRequest {
  const others = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== header)
  return { ...request, headers: { ...Object.fromEntries(others), [header]: prefix + value } }
}

function withoutValue(response: GuardedResponse, redact: Redactor): GuardedResponse {
  const headers = Object.entries(response.headers).map(([name, text]) => [name, redact(text)])
  return {
    ...response,
    url: redact(response.url),
    headers: Object.fromEntries(headers),
    body: response.truncated ? redact.cut(response.body) : redact(response.body),
  }
}
