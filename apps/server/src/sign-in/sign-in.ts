import { FreeholdError, type PublicSignIn } from '@freehold/contracts'
import { type Database, isInvited } from '@freehold/core'
import { type Auth, betterAuth } from 'better-auth'
import type { Logger } from 'pino'
import type { Vouch, Vouched } from '../api/vouchers.ts'
import type { ServerConfig } from '../config.ts'
import { createMailer } from '../mail/mail.ts'
import { deriveSecret, loadSecretKeys } from '../secret-key.ts'
import { hasDashboard } from '../web/serve-web.ts'
import { type SignInParts, signInOptions } from './options.ts'
import type { Origins } from './origins.ts'
import { ensureOwner, type Owner, type RegisterOwner } from './owner.ts'
import { createSites } from './sites.ts'

export interface SignIn {
  /** Answers what is under `/auth`. */
  handle(request: Request, host?: string): Promise<Response>
  /** Whose session a `Cookie` header holds; undefined when it holds none that is good on this host. */
  vouchForSession(cookieHeader: string, host?: string): Promise<Vouched | undefined>
  /** What a page needs to know that offers to sign in. */
  describe(host?: string): Promise<PublicSignIn>
  /** Makes the first person where there is none; gives what they sign in with, as far as it is known. */
  ensureOwner(known: Owner | undefined, register: RegisterOwner): Promise<Owner | undefined>
}

/** People sign in here, whoever they are to the tenants: on the installation's own host, and on those of tenants. */
export async function openSignIn(
  config: ServerConfig,
  origins: Origins,
  database: Database,
  logger: Logger,
): Promise<SignIn> {
  const [key, ...previous] = await loadSecretKeys(config)
  const shared = {
    database,
    secrets: [key, ...previous].map((each) => deriveSecret(each, 'sign-in')),
    sendMail: createMailer(config.mail, logger),
    isInvited: (email: string) => isInvited(database, email),
    hasPages: hasDashboard(config),
    logger,
  }
  const open = (site: Omit<SignInParts, keyof typeof shared | 'context'>): Auth => {
    const auth: Auth = betterAuth(signInOptions({ ...shared, ...site, context: () => auth.$context }))
    return auth
  }
  const auth = open({ ...origins, config: config.signIn, name: config.brand.name })
  const sites = createSites({ key, config, origins, database, open })
  const siteOf = async (host: string | undefined) => (host === undefined ? undefined : sites(host))
  return {
    handle: async (request, host) => ((await siteOf(host))?.auth ?? auth).handler(request),
    async vouchForSession(cookieHeader, host) {
      const site = await siteOf(host)
      const found = await (site?.auth ?? auth).api.getSession({
        headers: new Headers({ cookie: cookieHeader }),
        query: { disableCookieCache: true, disableRefresh: true },
      })
      if (!found) return undefined
      const { id, email, emailVerified, name } = found.user
      // An address that is not proven is nobody's.
      const person = { issuer: 'freehold', subject: id, emailVerified, name: name || null }
      return { ...person, email: emailVerified ? email : null, ...(site && { confinedTo: site.tenantId }) }
    },
    async describe(host) {
      const { google, oidc, signUp } = config.signIn
      const site = await siteOf(host)
      const providers = [
        ...(google ? [{ id: 'google', name: 'Google' }] : []),
        ...oidc.map(({ id, name }) => ({ id, name })),
      ]
      return { signUp, providers: site ? [] : providers }
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
  return async (cookieHeader, host) => {
    const person = await vouchForSession(cookieHeader, host)
    if (person) return person
    throw new FreeholdError('unauthenticated', 'The session has ended. Sign in again.')
  }
}
