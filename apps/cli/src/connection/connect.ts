import { type Client, createClient } from '@freehold/contracts'
import type { Context } from '../context.ts'
import { CliError, wrongUsage } from '../failure.ts'
import { type Credentials, chooseTenant, findCredentials } from './credentials.ts'

export const defaultUrl = 'http://127.0.0.1:3000'

/** A client that acts for a tenant. */
export async function connectTenant(context: Context): Promise<Client> {
  const { settings } = context
  const credentials = await findCredentials(settings)
  const url = settings.url ?? credentials?.url ?? defaultUrl
  if (settings.apiKey !== undefined) {
    if (settings.tenant !== undefined) {
      throw wrongUsage('FREEHOLD_API_KEY decides the tenant already: unset it, or leave --tenant out.')
    }
    return connect(context, url, settings.apiKey)
  }
  if (!credentials) throw noCredentials('FREEHOLD_API_KEY')
  return connect(context, url, chooseTenant(credentials, settings.tenant).apiKey)
}

export interface OperatorConnection {
  client: Client
  /** The file that the operator key comes from; undefined when it comes from the environment. */
  credentials: Credentials | undefined
}

/** A client that acts for the operator of the installation. */
export async function connectOperator(context: Context): Promise<OperatorConnection> {
  const { settings } = context
  const credentials = await findCredentials(settings)
  const url = settings.url ?? credentials?.url ?? defaultUrl
  if (settings.operatorKey !== undefined) {
    return { client: connect(context, url, settings.operatorKey), credentials: undefined }
  }
  if (credentials?.operatorKey === undefined) throw noCredentials('FREEHOLD_OPERATOR_KEY')
  return { client: connect(context, url, credentials.operatorKey), credentials }
}

function noCredentials(variable: string): CliError {
  return new CliError(
    `No credentials found: start the platform with \`npm start\` and call this in the same folder, or set FREEHOLD_URL and ${variable}.`,
  )
}

export function connect(context: Pick<Context, 'refused'>, url: string, apiKey: string): Client {
  if (!URL.canParse(url) || !/^https?:/.test(url)) throw wrongUsage(`FREEHOLD_URL: "${url}" is not an http(s) URL.`)
  return createClient({ url, apiKey, fetch: createFetch(context, url) })
}

/** `fetch` that says in plain words what keeps it from the server, and notes the id of a refused request. */
function createFetch(context: Pick<Context, 'refused'>, url: string): typeof fetch {
  return async (input, init) => {
    let response: Response
    try {
      response = await fetch(input, init)
    } catch (error) {
      init?.signal?.throwIfAborted()
      throw explainUnreachable(url, error)
    }
    const requestId = response.headers.get('x-request-id')
    if (!response.ok && requestId !== null) context.refused.requestId = requestId
    return response
  }
}

export function explainUnreachable(url: string, error: unknown): CliError {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  const message =
    code === 'ECONNREFUSED'
      ? `Nothing answers at ${url}: start the platform with \`npm start\`.`
      : `${url} can't be reached: ${cause instanceof Error && cause.message ? cause.message : String(error)}`
  return new CliError(message, 1, error)
}
