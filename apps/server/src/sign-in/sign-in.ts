import type { Database } from '@freehold/core'
import { betterAuth } from 'better-auth'
import type { Logger } from 'pino'
import type { ServerConfig } from '../config.ts'
import { createMailer } from '../mail/mail.ts'
import { deriveSecret, loadSecretKeys } from '../secret-key.ts'
import { signInOptions } from './options.ts'
import type { Origins } from './origins.ts'
import { ensureOwner, type Owner } from './owner.ts'
import { isInvited, registerOwner } from './people.ts'

/** Someone, as an issuer vouches for them. */
export interface VouchedPerson {
  /** `freehold` for our own sign-in, else the `iss` of the token. */
  issuer: string
  subject: string
  email: string | null
  emailVerified: boolean
  name: string | null
}

export interface SignIn {
  /** Answers what is under `/auth`. */
  handle(request: Request): Promise<Response>
  /** Whose session a `Cookie` header holds; undefined when it holds none that is good. */
  vouchForSession(cookieHeader: string): Promise<VouchedPerson | undefined>
  /** Makes the first person where there is none; gives what they sign in with, as far as it is known. */
  ensureOwner(known: Owner | undefined): Promise<Owner | undefined>
}

/** People sign in here, whoever they are to the tenants. */
export async function openSignIn(
  config: ServerConfig,
  { publicUrl, trustedOrigins }: Origins,
  database: Database,
  logger: Logger,
): Promise<SignIn> {
  const [key, ...previous] = await loadSecretKeys(config)
  const auth = betterAuth(
    signInOptions({
      database,
      config: config.signIn,
      publicUrl,
      trustedOrigins,
      secrets: [key, ...previous].map((each) => deriveSecret(each, 'sign-in')),
      sendMail: createMailer(config.mail, logger),
      isInvited: (email) => isInvited(database, email),
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
      return { issuer: 'freehold', subject: id, email, emailVerified, name: name || null }
    },
    async ensureOwner(known) {
      const secrets = {
        id: deriveSecret(key, 'owner-id').toString('hex').slice(0, 32),
        password: deriveSecret(key, 'owner-password').toString('base64url').slice(0, 24),
      }
      const register = (person: VouchedPerson) => registerOwner(database, person)
      return ensureOwner(await auth.$context, secrets, config.signIn.ownerEmail, known, register)
    },
  }
}
