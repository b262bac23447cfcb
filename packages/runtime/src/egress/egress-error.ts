export type EgressErrorCode =
  | 'invalid_request'
  | 'forbidden_host'
  | 'forbidden_address'
  | 'unresolved'
  | 'unreachable'
  | 'timeout'
  | 'too_many_redirects'

/** A request that the egress guard refused or that failed on the way. The message is public: model and tenant read it. */
export class EgressError extends Error {
  readonly code: EgressErrorCode

  constructor(code: EgressErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EgressError'
    this.code = code
  }
}
