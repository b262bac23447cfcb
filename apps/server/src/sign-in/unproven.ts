import type { Auth, BetterAuthOptions } from 'better-auth'
import { APIError, createAuthMiddleware, isAPIError } from 'better-auth/api'
import { z } from 'zod'

/**
 * Anybody can sign up with the address of somebody else, who then gets a mail with a link. So the link counts only in the
 * browser that signed up, and whoever proves the address otherwise leaves nothing of what was set up before.
 */

type AuthContext = Awaited<Auth['$context']>
type BeforeVerification = NonNullable<NonNullable<BetterAuthOptions['emailVerification']>['beforeEmailVerification']>

const cookie = { name: 'signed_up', maxAge: 24 * 60 * 60 }
const signedUp = z.object({ user: z.object({ id: z.string() }) })

/** Lets the browser of somebody whose address is unproven be known again when the link is followed. */
export const rememberSignUp = createAuthMiddleware(async (endpoint) => {
  const userId = await unprovenUser(endpoint)
  if (userId === undefined) return
  const { name, attributes } = endpoint.context.createAuthCookie(cookie.name, { maxAge: cookie.maxAge })
  endpoint.setCookie(name, userId, attributes)
})

interface Answered {
  path: string
  body: unknown
  context: AuthContext & { returned?: unknown }
}

async function unprovenUser({ path, body, context }: Answered): Promise<string | undefined> {
  const { returned, newSession, internalAdapter } = context
  // Also of an address that has an account, with an id that nobody has, so that the answer does not tell.
  if (path === '/sign-up/email') return signedUp.safeParse(returned).data?.user.id
  if (newSession && !newSession.user.emailVerified) return newSession.user.id
  // The password was right.
  if (path === '/sign-in/email' && isAPIError(returned) && returned.body?.code === 'EMAIL_NOT_VERIFIED') {
    const { email } = z.object({ email: z.string() }).parse(body)
    return (await internalAdapter.findUserByEmail(email.toLowerCase()))?.user.id
  }
  return undefined
}

/** Asked before an address becomes proven by a link. Sends other browsers on, as the library does with what is wrong. */
export const assertSignedUpHere: BeforeVerification = async (user, request) => {
  const cookies = request?.headers.get('cookie')?.split(/;\s*/) ?? []
  if (cookies.some((each) => each.endsWith(`auth.${cookie.name}=${user.id}`))) return
  const callback = new URL(request?.url ?? '').searchParams.get('callbackURL')
  const refusal = {
    code: 'OTHER_BROWSER',
    message: 'Follow the link in the browser where you signed up, or ask for a new password, which proves the address.',
  }
  if (!callback) throw new APIError('FORBIDDEN', refusal)
  const [path, query] = callback.split('?', 2)
  const location = `${path}?${new URLSearchParams([...new URLSearchParams(query), ['error', refusal.code]])}`
  throw new APIError('FOUND', undefined, { location })
}

/**
 * Whoever proves an address that was unproven until now begins anew: how anybody else got in before is gone. `kept` is
 * the way in that the proof came with.
 */
export async function takeOver(context: AuthContext, userId: string, kept?: 'credential'): Promise<void> {
  const { adapter, internalAdapter } = context
  const others = (await internalAdapter.findAccounts(userId)).filter(({ providerId }) => providerId !== kept)
  for (const { id } of others) await internalAdapter.deleteAccount(id)
  for (const model of ['passkey', 'twoFactor']) {
    await adapter.deleteMany({ model, where: [{ field: 'userId', value: userId }] })
  }
  await internalAdapter.deleteUserSessions(userId)
  await internalAdapter.updateUser(userId, { emailVerified: true, twoFactorEnabled: false })
}
