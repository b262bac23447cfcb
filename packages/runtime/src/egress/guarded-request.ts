export interface GuardedRequest {
  url: string
  method: string
  headers: Record<string, string>
  body?: string
  signal: AbortSignal
  /** 0 leaves the body unread. */
  maxResponseBytes: number
  /** True when absent. When false, a redirect is the answer. */
  followRedirects?: boolean
}

export interface GuardedResponse {
  /** The URL that answered, after redirects. */
  url: string
  status: number
  /** Names are in lower case; several values of one name are joined by commas. */
  headers: Record<string, string>
  body: string
  /** True when the body was longer than `maxResponseBytes` and was cut there. */
  truncated: boolean
}

export type GuardedFetch = (request: GuardedRequest) => Promise<GuardedResponse>
