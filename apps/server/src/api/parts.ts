import type { Anchors, Platform } from '@freehold/core'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { SendMail } from '../mail/mail.ts'
import type { VerifyToken } from '../service-token.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { ApiVariables } from './caller.ts'
import type { Vouchers } from './vouchers.ts'

/** What the api is made of. */
export interface ApiParts {
  platform: Platform
  /** What the audit chains are compared with. */
  anchors: Anchors
  verify: VerifyToken
  signIn: SignIn
  /** Who says who people are. */
  vouchers: Vouchers
  mail: { send: SendMail; publicUrl: string }
  logger: Logger
  /** Aborts when the server shuts down, which ends every stream. */
  shutdown: AbortSignal
}

export type ApiApp = Hono<{ Variables: ApiVariables }>
