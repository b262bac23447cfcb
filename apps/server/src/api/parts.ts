import type { Anchors, Flags, Platform } from '@freehold/core'
import type { CallUpstream } from '@freehold/runtime'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { TakeRequest } from '../gateway/rate-store.ts'
import type { SendMail } from '../mail/mail.ts'
import type { VerifyToken } from '../service-token.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { ApiVariables } from './caller.ts'
import type { Vouchers } from './vouchers.ts'
import type { WhiteLabel } from './white-label.ts'

/** What the api is made of. */
export interface ApiParts {
  platform: Platform
  /** What the audit chains are compared with. */
  anchors: Anchors
  verify: VerifyToken
  signIn: SignIn
  whiteLabel: WhiteLabel
  flags: Flags
  /** Who says who people are. */
  vouchers: Vouchers
  /** Passes calls of services on. */
  callUpstream: CallUpstream
  /** Counts the calls of each service. */
  takeCall: TakeRequest
  mail: {
    send: SendMail
    publicUrl: string
    /** Whether there is a dashboard for links to lead to. */
    hasPages: boolean
  }
  logger: Logger
  /** Aborts when the server shuts down, which ends every stream. */
  shutdown: AbortSignal
}

export type ApiApp = Hono<{ Variables: ApiVariables }>
