import { passkey } from '@better-auth/passkey'
import type { Database } from '@freehold/core'
import type { Auth, BetterAuthOptions, BetterAuthPlugin } from 'better-auth'
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api'
import { genericOAuth, twoFactor } from 'better-auth/plugins'
import type { Logger } from 'pino'
import { isStorable } from '../http/storable.ts'
import type { Mail, SendMail } from '../mail/mail.ts'
import type { OidcProvider, SignInConfig } from './config.ts'
import { assertSignedUpHere, rememberSignUp, takeOver } from './unproven.ts'

/** The header by which the gateway tells the client's address; none of a client's own gets that far. */
export const clientAddressHeader = 'x-freehold-client-address'

type AuthContext = Awaited<Auth['$context']>

interface ProvidedUser {
  id?: string
  email?: string
  emailVerified?: boolean
}

export interface SignInParts {
  database: Database
  config: SignInConfig
  /** Where browsers find these pages. */
  publicUrl: string
  /** Origins whose pages may use a session, the public one among them. */
  trustedOrigins: readonly string[]
  /** How the pages name themselves. */
  name: string
  /** In whose name mails come; the installation's when absent. */
  sender?: Mail['sender']
  /** What cookies and links are signed with, where that is not the first of the secrets. */
  signingSecret?: Buffer
  /** Whether there is a page for errors to lead to. */
  hasPages: boolean
  /** The current one, and those before it that still open what they encrypted. */
  secrets: readonly Buffer[]
  sendMail: SendMail
  isInvited(email: string): Promise<boolean>
  /** Of the instance that these options make; only for what happens later. */
  context(): Promise<AuthContext>
  logger: Logger
}

/** How Better Auth is set up here. The tables that this asks for are those of migration 0020. */
export function signInOptions(parts: SignInParts): BetterAuthOptions {
  const { config, publicUrl, trustedOrigins, secrets, name, logger } = parts
  return {
    appName: name,
    baseURL: publicUrl,
    basePath: '/auth',
    // Versioned by what they are, so that every process has the same numbers.
    secrets: secrets.map((secret) => ({ version: secret.readUInt32BE() >>> 1, value: secret.toString('base64url') })),
    trustedOrigins: [...trustedOrigins],
    // Without transactions: on the embedded database one would hold the only connection while `isInvited` waits for it.
    database: { dialect: parts.database.signInDialect, type: 'postgres', transaction: false },
    telemetry: { enabled: false },
    // The gateway limits failed attempts, for all processes together.
    rateLimit: { enabled: false },
    ...passwords(parts),
    user: { validateUserInfo: admitted(parts) },
    hooks: {
      before: createAuthMiddleware(async (ctx) => {
        const { path, params, query, body } = ctx
        refuseUnstorable([params, query, body])
        await refuseUninvited(parts, path, body)
        if (path === '/passkey/generate-register-options') refuseOpenScreen((await getSessionFromCtx(ctx))?.session)
      }),
      after: rememberSignUp,
    },
    // A provider that proves an unproven address takes it over: `admitted` sees to that.
    account: { encryptOAuthTokens: true, accountLinking: { enabled: true, requireLocalEmailVerified: false } },
    verification: { storeIdentifier: 'hashed' },
    ...(config.google && {
      socialProviders: {
        google: { clientId: config.google.clientId, clientSecret: config.google.clientSecret.reveal() },
      },
    }),
    plugins: [
      twoFactor({ issuer: name }),
      passkey({ rpID: new URL(publicUrl).hostname, rpName: name, origin: [...trustedOrigins] }),
      genericOAuth({ config: config.oidc.map(oidcProvider) }),
      ...(parts.signingSecret ? [signWith(parts.signingSecret)] : []),
    ],
    advanced: {
      // No name of ours: it shows on tenants' own hosts, too.
      cookiePrefix: 'auth',
      useSecureCookies: publicUrl.startsWith('https:'),
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax' },
      ipAddress: { ipAddressHeaders: [clientAddressHeader] },
      // Said outright, because the library lets them go by itself in tests.
      disableCSRFCheck: false,
      disableOriginCheck: false,
    },
    // What a client did wrong is in its answer; what is not an answer is for the operator.
    onAPIError: {
      ...(parts.hasPages && { errorURL: `${publicUrl}/sign-in` }),
      onError: (error) => {
        if (!isAPIError(error)) logger.error({ err: error }, 'sign-in failed')
      },
    },
    logger: {
      level: 'warn',
      // Without the further arguments, which may hold what someone sent.
      log: (level, message) => logger[level === 'error' ? 'error' : 'warn']({ part: 'sign-in' }, message),
    },
  }
}

/** An address counts only once its owner has followed a link that was sent there, where they signed up. */
function passwords({ sendMail, sender, context, logger }: SignInParts) {
  // Not waited for: how long an answer takes must not tell whether there was somebody to write to.
  const sendBehind = async (mail: Mail): Promise<void> => {
    sendMail({ ...mail, ...(sender && { sender }) }).catch((error: unknown) =>
      logger.error({ err: error }, 'a mail could not be sent'),
    )
  }
  return {
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 10,
      requireEmailVerification: true,
      revokeSessionsOnPasswordReset: true,
      sendResetPassword: ({ user, url }: { user: { email: string }; url: string }) =>
        sendBehind({
          to: user.email,
          subject: 'Set a new password',
          text: `Someone, probably you, asked for a new password. Set it within an hour:\n\n${url}\n\nIf it was not you, there is nothing to do.\n`,
        }),
      onPasswordReset: async ({ user }: { user: { id: string; emailVerified: boolean } }) => {
        if (!user.emailVerified) await takeOver(await context(), user.id, 'credential')
      },
      onExistingUserSignUp: ({ user }: { user: { email: string } }) =>
        sendBehind({
          to: user.email,
          subject: 'You have an account already',
          text: 'Someone, probably you, signed up with this address, which has an account already.\n\nSign in with its password, or ask for a new password there. If it was not you, there is nothing to do.\n',
        }),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      autoSignInAfterVerification: true,
      beforeEmailVerification: assertSignedUpHere,
      sendVerificationEmail: ({ user, url }: { user: { email: string }; url: string }) =>
        sendBehind({
          to: user.email,
          subject: 'Confirm your address',
          text: `Confirm within an hour that this address is yours, in the browser where you signed up:\n\n${url}\n\nIf you did not sign up, there is nothing to do.\n`,
        }),
    },
  }
}

/** Encryption stays with the secrets of the installation: a second factor is the same on every host. */
function signWith(secret: Buffer): BetterAuthPlugin {
  return { id: 'signing-secret', init: () => ({ context: { secret: secret.toString('base64url') } }) }
}

/** Else the database refuses it, as a failure of ours. */
function refuseUnstorable(asked: unknown): void {
  try {
    if (isStorable(asked)) return
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const message = 'A text holds a NUL character or half a surrogate pair, or is nested too deeply; remove it.'
  throw new APIError('BAD_REQUEST', { code: 'INVALID_REQUEST', message })
}

/** How long after signing in somebody may add a way to sign in. */
const recentMs = 15 * 60_000

/** A passkey asks for no password, so whoever finds an open screen could make one of their own. */
function refuseOpenScreen(session: { createdAt: Date } | undefined): void {
  if (!session || Date.now() - session.createdAt.getTime() < recentMs) return
  const message = 'You signed in too long ago for that. Sign in again, and add the passkey within 15 minutes.'
  throw new APIError('FORBIDDEN', { code: 'SIGNED_IN_LONG_AGO', message })
}

const byInvitation = {
  error: 'sign_up_by_invitation',
  errorDescription:
    'There is no invitation for this address. Ask an owner of your tenant for one, or use the invited address.',
}

/** Before anything is looked up, so that the answer does not tell whether the address has an account. */
async function refuseUninvited(parts: SignInParts, path: string, body: unknown): Promise<void> {
  if (path !== '/sign-up/email' || parts.config.signUp === 'open') return
  const email = typeof body === 'object' && body !== null && 'email' in body ? body.email : undefined
  if (typeof email === 'string' && (await parts.isInvited(email.toLowerCase()))) return
  throw new APIError('FORBIDDEN', { code: byInvitation.error, message: byInvitation.errorDescription })
}

/** For people whom a provider sends: new ones need an invitation too, to an address that the provider vouches for. */
function admitted({ config, isInvited, context }: SignInParts) {
  return async ({
    user,
    source,
  }: {
    user: ProvidedUser
    source: { action: string; method: string }
  }): Promise<typeof byInvitation | undefined> => {
    if (source.action === 'link-account') await takeOverProven(await context(), user)
    if (source.action !== 'create-user' || config.signUp === 'open') return undefined
    const proven = user.emailVerified === true || source.method === 'email-password'
    return proven && user.email && (await isInvited(user.email.toLowerCase())) ? undefined : byInvitation
  }
}

/** An account that nobody has proven yet is of the one whose provider says that the address is theirs. */
async function takeOverProven(context: AuthContext, { id, email, emailVerified }: ProvidedUser): Promise<void> {
  const local = id === undefined ? null : await context.internalAdapter.findUserById(id)
  if (!local || local.emailVerified || !emailVerified || email?.toLowerCase() !== local.email) return
  await takeOver(context, local.id)
}

function oidcProvider({ id, name, issuer, clientId, clientSecret }: OidcProvider) {
  return {
    providerId: id,
    name,
    discoveryUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    requireIdTokenVerification: true,
    clientId,
    clientSecret: clientSecret.reveal(),
    scopes: ['openid', 'email', 'profile'],
    mapProfileToUser: (profile: Record<string, unknown>) => ({ emailVerified: profile.email_verified === true }),
  }
}
