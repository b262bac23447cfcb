import { FreeholdError } from '@freehold/contracts'
import { type Database, isInvited, type VouchedPerson } from '@freehold/core'
import { type Auth, betterAuth } from 'better-auth'
import type { Logger } from 'pino'
import type { Vouch } from '../api/vouchers.ts'
import type { ServerConfig } from '../config.ts'
import { createMailer } from '../mail/mail.ts'
import { deriveSecret, loadSecretKeys } from '../secret-key.ts'
import { signInOptions } from './options.ts'
import type { Origins } from './origins.ts'
import { ensureOwner, type Owner, type RegisterOwner } from './owner.ts'

export interface SignIn {
  /** Answers what is under `/auth`. */
  handle(request: Request): Promise<Response>
  /** Whose session a `Cookie` header holds; undefined when it holds none that is good. */
  vouchForSession(cookieHeader: string): Promise<VouchedPerson | undefined>
  /** Makes the first person where there is none; gives what they sign in with, as far as it is known. */
  ensureOwner(known: Owner | undefined, register: RegisterOwner): Promise<Owner | undefined>
}

/** People sign in here, whoever they are to the tenants. */
export async function openSignIn(
  config: ServerConfig,
  { publicUrl, trustedOrigins }: Origins,
  database: Database,
  logger: Logger,
): Promise<SignIn> {
  const [key, ...previous] = await loadSecretKeys(config)
  const auth: Auth = betterAuth(
    signInOptions({
      database,
      config: config.signIn,
      publicUrl,
      trustedOrigins,
      secrets: [key, ...previous].map((each) => deriveSecret(each, 'sign-in')),
      sendMail: createMailer(config.mail, logger),
      isInvited: (email) => isInvited(database, email),
      context: () => auth.$context,
      logger,
    }),
  )
  return {
    handle: auth.handler,
    async vouchForSession(cookieHeader) {
      const found = await auth.api.getSession({
        headers: new Headers({ cookie: cookieHeader }),
        query: { disableCookieCache: true, disableRefresh: true },
      })
      if (!found) return undefined
      const { id, email, emailVerified, name } = found.user
      // An address that is not proven is nobody's.
      return { issuer: 'freehold', subject: id, email: emailVerified ? email : null, emailVerified, name: name || null }
    },
    async ensureOwner(known, register) {
      const secrets = {
        id: deriveSecret(key, 'owner-id').toString('hex').slice(0, 32),
        password: deriveSecret(key, 'owner-password').toString('base64url').slice(0, 24),
      }
      return ensureOwner(await auth.$context, secrets, config.signIn.ownerEmail, known, register)
    },
  }
}

export function vouchBySession({ vouchForSession }: Pick<SignIn, 'vouchForSession'>): Vouch {
  return async (cookieHeader) => {
    const person = await vouchForSession(cookieHeader)
    if (person) return person
    throw new FreeholdError('unauthenticated', 'The session has ended. Sign in again.')
  }
}
